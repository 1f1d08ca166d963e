/** A live session as the application sees it. */
import type { ClientInfo } from "./fingerprint.ts";
import { flashIn } from "./flash.ts";
import type { SessionRecord } from "./store.ts";
import type { SessionId } from "./token.ts";
import type { LiveConnection, WatchedSessions } from "./watched-sessions.ts";

/** Where a session is from. */
interface Home<D> {
  dataOf(record: SessionRecord): D;
  readonly watched: WatchedSessions;
}

/** Says to what connection a session was given: with it, its `signal` is done. */
export let giveTo: <D>(session: Session<D>, connection: LiveConnection) => void;

/** An authenticated period of one user on one device. Times are milliseconds since the epoch. */
export class Session<D = Record<string, unknown>> {
  /** The public name: safe in device lists, logs and URLs. */
  readonly id: SessionId;
  readonly userId: string;
  readonly createdAt: number;
  /** When the user last proved who they are. */
  readonly authenticatedAt: number;
  /** How they proved it, after RFC 8176: `pwd`, `otp`, …; `remember` for a remembered browser. */
  readonly amr: readonly string[];
  /** Accurate to the policy's `touchInterval`. */
  readonly lastSeenAt: number;
  /** When it dies if it is not used again. */
  readonly expiresAt: number;
  /** Who last proved who they are: who signed in, or authenticated again since. */
  readonly client: ClientInfo;
  /** In lists of devices: until when the browser may come back without signing in, if it may. */
  readonly rememberedUntil?: number;
  readonly #record: SessionRecord;
  readonly #home: Home<D>;
  #data: { readonly value: D } | undefined;
  #connection: LiveConnection | undefined;
  #signal: AbortSignal | undefined;

  static {
    giveTo = (session, connection) => {
      session.#connection = connection;
    };
  }

  constructor(record: SessionRecord, home: Home<D>, rememberedUntil?: number) {
    this.id = record.id;
    this.userId = record.userId;
    this.createdAt = record.createdAt;
    this.authenticatedAt = record.authenticatedAt;
    this.amr = record.amr;
    this.lastSeenAt = record.lastSeenAt;
    this.expiresAt = record.expiresAt;
    this.client = record.client;
    if (rememberedUntil !== undefined) this.rememberedUntil = rememberedUntil;
    this.#record = record;
    this.#home = home;
  }

  /** The application's data, read through its schema at first use. Change it by `sessions.update`. */
  get data(): D {
    this.#data ??= { value: this.#home.dataOf(this.#record) };
    return this.#data.value;
  }

  /** Whether a one-time message was waiting when the session was read. `pop` takes it. */
  hasFlash(name: string): boolean {
    return flashIn(this.#record.data, name) !== undefined;
  }

  /**
   * Aborts when this session ends: for what goes on after the request was let in, as server-sent events and WebSockets. On
   * this node at once, on others within a second; its `reason` is a `SessionEndedError`. It does not abort because the
   * store is down, or the connection closed. Reading it is no use of the session, and begins the watch: until the
   * response of its request has ended, or the connection is gone; otherwise, until the session ends. See
   * docs/live-connections.md.
   */
  get signal(): AbortSignal {
    this.#signal ??= this.#home.watched.signalOf(this.#record, this.#connection);
    return this.#signal;
  }

  toJSON(): object {
    return { ...this, data: this.data };
  }
}
