/** The sessions that live connections were opened under, and how it is noticed that one has ended. */
import { SessionEndedError } from "./errors.ts";
import type { SessionEvent } from "./events.ts";
import type { House } from "./house.ts";
import { expiry } from "./policy.ts";
import { type EndReason, isEnded, type SessionRecord } from "./store.ts";
import type { SessionId } from "./token.ts";

/** How often it is looked whether they are alive, in milliseconds. */
const lookEvery = 500;
/** So many are asked for at a time: requests come in between. */
const mostAtOnce = 256;

/** What a session is watched for. */
export interface LiveConnection {
  /** Calls back once when it has ended, or at once if it has already. */
  onClose?(listener: () => void): void;
}

interface Watched {
  /** As it was when it was last seen alive: other nodes may have noted uses since. */
  record: SessionRecord;
  readonly connections: Set<AbortController>;
}

/**
 * What ends on this node is told by the events of this node, at once; what ends elsewhere, by the cache if there is one.
 * Whatever nobody tells is found by looking, twice a second: at what a cache has, which is as new as it promises, or else
 * in the store. A store that does not answer ends nothing: an outage is not a sign-out.
 *
 * Each session is looked at once, however many connections it has, and no more when the last of them has closed. It is
 * no use of the session, and does not keep the process alive.
 */
export class WatchedSessions {
  readonly #house: House;
  readonly #watched = new Map<SessionId, Watched>();
  #timer: NodeJS.Timeout | undefined;
  #stopListening: () => void = () => {};
  #looking: Promise<void> | undefined;

  constructor(house: House) {
    this.#house = house;
  }

  /** How many sessions are watched at this moment. */
  get size(): number {
    return this.#watched.size;
  }

  /** Aborts when the session ends. Without a connection that says when it closes, it is watched until then. */
  signalOf(record: SessionRecord, connection: LiveConnection = {}): AbortSignal {
    const controller = new AbortController();
    this.#add(record, controller);
    connection.onClose?.(() => this.#remove(record.id, controller));
    return controller.signal;
  }

  /** Looks whether they are alive. It happens by itself; this is for who wants to wait for it. */
  look(): Promise<void> {
    this.#looking ??= this.#lookAtAll().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  /** Watches none any more, and aborts nothing. */
  async close(): Promise<void> {
    this.#watched.clear();
    this.#rest();
    await this.#looking;
  }

  #add(record: SessionRecord, controller: AbortController): void {
    const watched = this.#watched.get(record.id);
    if (watched) watched.connections.add(controller);
    else this.#watched.set(record.id, { record, connections: new Set([controller]) });
    if (!this.#timer) this.#begin();
  }

  #remove(id: SessionId, controller: AbortController): void {
    const watched = this.#watched.get(id);
    if (!watched?.connections.delete(controller) || watched.connections.size > 0) return;
    this.#watched.delete(id);
    if (this.#watched.size === 0) this.#rest();
  }

  #begin(): void {
    const { observers, store } = this.#house;
    const forgetEvents = observers.add((event) => this.#hear(event));
    const forgetChanges = store.onChange?.((id) => void this.#lookAt(id));
    this.#stopListening = () => {
      forgetEvents();
      forgetChanges?.();
    };
    this.#timer = setInterval(() => void this.look(), lookEvery).unref();
  }

  #rest(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#stopListening();
  }

  #hear(event: SessionEvent): void {
    const reason = endToldBy(event);
    if (reason && "sessionId" in event && event.sessionId) this.#end(event.sessionId, reason);
  }

  async #lookAtAll(): Promise<void> {
    const unknown = [...this.#watched.keys()].filter((id) => !this.#isKnownAlive(id));
    for (let at = 0; at < unknown.length; at += mostAtOnce) {
      const looks = unknown.slice(at, at + mostAtOnce).map((id) => this.#lookAt(id));
      // While the store is down, the others would only wait for it too.
      if ((await Promise.all(looks)).includes("unknown")) return;
    }
  }

  #isKnownAlive(id: SessionId): boolean {
    const record = this.#house.store.recent?.(id);
    return record !== undefined && this.#isAlive(record);
  }

  async #lookAt(id: SessionId): Promise<"seen" | "unknown"> {
    if (!this.#watched.has(id)) return "seen";
    try {
      const found = await this.#house.store.find(id);
      if (found && isEnded(found)) this.#end(id, found.reason);
      else if (!found) this.#end(id, this.#isOverdue(id) ? "expired" : undefined);
      else if (!this.#isAlive(found)) this.#end(id, "expired");
      return "seen";
    } catch {
      return "unknown";
    }
  }

  #isAlive(record: SessionRecord): boolean {
    const { policy, now } = this.#house;
    if (expiry(policy, record, now())) return false;
    const watched = this.#watched.get(record.id);
    if (watched) watched.record = record;
    return true;
  }

  /** Stores may drop what has expired without a trace. */
  #isOverdue(id: SessionId): boolean {
    const { policy, now } = this.#house;
    const watched = this.#watched.get(id);
    return watched !== undefined && expiry(policy, watched.record, now()) !== undefined;
  }

  #end(id: SessionId, reason: EndReason | undefined): void {
    const watched = this.#watched.get(id);
    if (!watched) return;
    this.#watched.delete(id);
    if (this.#watched.size === 0) this.#rest();
    const error = new SessionEndedError(reason);
    for (const controller of watched.connections) controller.abort(error);
  }
}

/** Why the session ended, if the event tells that one did. */
function endToldBy(event: SessionEvent): EndReason | undefined {
  switch (event.type) {
    case "revoked":
      return event.remember ? undefined : event.reason;
    case "evicted":
    case "replaced":
    case "expired":
      return event.type;
    case "theft":
      return event.remember ? undefined : "theft";
    default:
      return undefined;
  }
}
