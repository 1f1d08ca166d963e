/** A node of a race that is made of a `SessionManager`: what a new store needs to take part. */
import { SignInRefusedError } from "../../core/errors.ts";
import type { SessionEvent } from "../../core/events.ts";
import { houseOf, SessionManager } from "../../core/manager.ts";
import type { SessionStore } from "../../core/store.ts";
import { type SessionId, SessionToken } from "../../core/token.ts";
import { startUpkeep } from "../../core/upkeep.ts";
import { resume } from "../../remember/resume.ts";
import type { Opened, Reauthenticated, Refused, Renewed, Resumed, SignedIn } from "./history.ts";
import {
  type EndListener,
  limitOf,
  type RaceNode,
  type RaceSettings,
  type RevokeReason,
  type SignInOptions,
  type ValidateOptions,
} from "./node.ts";

/** All browsers of a race are alike. */
const client = { userAgent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0" };

/** The node of sessions in this store, under the policy of the race. */
export function managerNode(store: SessionStore, settings: RaceSettings): ManagerNode {
  return new ManagerNode(store, settings);
}

export class ManagerNode implements RaceNode {
  readonly sessions: SessionManager<Record<string, number>>;
  readonly resume?: NonNullable<RaceNode["resume"]>;
  #offset = 0;

  /** Sets the clock of its process, which it has for itself. */
  constructor(store: SessionStore, { onLimit, renewAfter, grace, touchInterval }: RaceSettings) {
    const machine = Date.now;
    Date.now = () => machine() + this.#offset;
    this.sessions = new SessionManager({
      store,
      policy: { maxSessions: limitOf, onLimit, renewAfter, grace, touchInterval },
      // What is reported is an outage, or will be seen by the checker.
      warn: () => {},
    });
    startUpkeep(this.sessions, { checkEvery: 500, pruneEvery: 500 });
    if (store.remember) this.resume = (...of) => this.#resume(...of);
  }

  async signIn(user: string, options: SignInOptions): Promise<SignedIn | Refused> {
    const { over, stillValid } = options;
    const held =
      over === undefined ? undefined : await this.sessions.validate(over, { client, strict: true });
    const replacing = held?.ok ? held.session : undefined;
    const remember = options.remember && this.resume !== undefined;
    try {
      const created = await this.sessions.create(user, { client, remember, replacing, stillValid });
      return {
        session: created.session.id,
        token: created.token.reveal(),
        ...(created.remember && { remember: created.remember.token.reveal() }),
        ...(replacing && { replaced: replacing.id }),
      };
    } catch (error) {
      if (error instanceof SignInRefusedError) return { refused: error.code };
      throw error;
    }
  }

  async validate(token: string, { canRenew, strict }: ValidateOptions): Promise<Opened | Refused> {
    const validation = await this.sessions.validate(token, { client, canRenew, strict });
    if (!validation.ok) return { refused: validation.rejection.reason };
    const { session, successor, superseded, recent } = validation;
    return {
      session: session.id,
      superseded,
      data: session.data,
      ...(recent && { recent }),
      ...(successor && { successor: successor.reveal() }),
    };
  }

  async renew(token: string): Promise<Renewed> {
    const successor = await this.sessions.renew(SessionToken.parse(token)!, client);
    return successor ? { successor: successor.reveal() } : {};
  }

  async reauthenticate(token: string): Promise<Reauthenticated> {
    const proven = await this.sessions.reauthenticate(SessionToken.parse(token)!, { client });
    return proven ? { token: proven.token.reveal() } : {};
  }

  write(session: string, key: string, value: number): Promise<boolean> {
    return this.sessions.update(session as SessionId, { [key]: value });
  }

  count(session: string, key: string): Promise<boolean> {
    return this.sessions.update(session as SessionId, ({ [key]: value = 0 }) => ({ [key]: value + 1 }));
  }

  revoke(session: string): Promise<boolean> {
    return this.sessions.revoke(session as SessionId);
  }

  revokeAll(
    user: string,
    { except, reason }: { readonly except?: string; readonly reason: RevokeReason },
  ): Promise<number> {
    return this.sessions.revokeAll(user, { reason, except: except as SessionId | undefined });
  }

  async list(user: string): Promise<readonly string[]> {
    return (await this.sessions.list(user)).map(({ id }) => id);
  }

  onEnd(listener: EndListener): void {
    this.sessions.observe((event) => {
      if (isEnd(event)) listener(event.sessionId, event.type);
    });
  }

  async ready(): Promise<boolean> {
    return (await this.sessions.ready()).ready;
  }

  setClock(offset: number): void {
    this.#offset = offset;
  }

  async #resume(
    remember: string,
    { stillValid }: Pick<SignInOptions, "stillValid">,
  ): Promise<Resumed | Refused> {
    const returning = { client, stillValid };
    const resumption = await resume(houseOf(this.sessions), SessionToken.parse(remember)!, returning);
    if (!resumption.ok) return { refused: resumption.reason };
    const { session, cookies } = resumption;
    return {
      session: session.id,
      ...(cookies && { token: cookies.session.reveal(), remember: cookies.remember.token.reveal() }),
    };
  }
}

/** The end of a session that there was. */
function isEnd(event: SessionEvent): event is Extract<SessionEvent, { readonly userId: string }> {
  return ends.has(event.type) && !("remember" in event);
}

const ends: ReadonlySet<string> = new Set<SessionEvent["type"]>([
  "revoked",
  "evicted",
  "replaced",
  "expired",
  "theft",
]);
