/**
 * What sessions do, as a plain map. Written from the design and not from the code, so that the same mistake is unlikely
 * to stand in both: here are no hashes, salts, revisions or conditions. A ticket is an id, a family and a secret word.
 */

/** The rules of one history. All durations are in milliseconds. */
export interface ModelPolicy {
  readonly idleTimeout: number;
  readonly absoluteTimeout: number;
  readonly renewAfter: number;
  readonly grace: number;
  readonly touchInterval: number;
  readonly maxSessions: number;
  readonly onLimit: "evict-oldest" | "refuse";
}

/** What a token must meet. */
export type Expected =
  | { readonly ok: false; readonly reason: string; readonly ended?: string }
  | {
      readonly ok: true;
      readonly session: ModelView;
      readonly superseded: boolean;
      readonly cookie: ExpectedCookie;
    };

/** `again` is the successor that was sent before; `new` is one that nobody has seen yet. */
export type ExpectedCookie = "none" | "again" | "new";

/** What an application may know about a session. */
export interface ModelView {
  readonly id: string;
  readonly userId: string;
  readonly createdAt: number;
  readonly authenticatedAt: number;
  readonly amr: readonly string[];
  readonly lastSeenAt: number;
  readonly expiresAt: number;
  readonly client: object;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface ModelSignIn {
  readonly id: string;
  /** The new ticket; undefined where it was never handed out. */
  readonly token: string | undefined;
  readonly replacing: string | undefined;
  readonly stillValid: boolean;
  readonly client: object;
  readonly kind: string;
  readonly data: Readonly<Record<string, unknown>>;
}

interface ModelSession {
  readonly id: string;
  readonly userId: string;
  readonly family: string;
  readonly createdAt: number;
  client: object;
  /** The kind of that client. */
  kind: string;
  /** Clients of other kinds that were told of. */
  readonly oddKinds: Set<string>;
  lastSeenAt: number;
  authenticatedAt: number;
  amr: readonly string[];
  readonly data: Map<string, unknown>;
  word: string;
  issuedAt: number;
  /** A successor that was sent to a client of this kind and has not come back yet. Its word is learned when sent. */
  offered: { word: string | undefined; readonly kind: string } | undefined;
  former: { readonly word: string; readonly until: number }[];
  /** More words were replaced within one grace than are remembered: one may be taken for stolen too early. */
  crowded: boolean;
  ended: { readonly reason: string; readonly toldUntil: number } | undefined;
}

type Standing =
  | { readonly kind: "refused"; readonly reason: string; readonly ended?: string }
  | { readonly kind: "current" | "lost" | "superseded"; readonly session: ModelSession };

const tombstoneLifetime = 24 * 60 * 60_000;
/** So many former secrets are remembered within a grace; while they are, no renewal begins. */
const mostFormer = 8;

export class SessionModel {
  readonly #policy: ModelPolicy;
  readonly #now: () => number;
  readonly #sessions = new Map<string, ModelSession>();
  #told: string[] = [];

  constructor(policy: ModelPolicy, now: () => number) {
    this.#policy = policy;
    this.#now = now;
  }

  /** What observers must have been told since this was last asked. */
  takeTold(): string[] {
    const told = this.#told;
    this.#told = [];
    return told;
  }

  /** The ids of all sessions that there ever were and that were not forgotten. */
  ids(): string[] {
    return [...this.#sessions.keys()];
  }

  ownerOf(id: string): string | undefined {
    return this.#sessions.get(id)?.userId;
  }

  isAlive(id: string): boolean {
    const session = this.#sessions.get(id);
    return session !== undefined && this.#isAlive(session);
  }

  isCrowded(id: string): boolean {
    return this.#sessions.get(id)?.crowded ?? false;
  }

  /** What an application sees of a session while it is alive. */
  view(id: string): ModelView | undefined {
    return this.isAlive(id) ? this.#view(this.#sessions.get(id)!) : undefined;
  }

  createdAt(id: string): number {
    return this.#sessions.get(id)!.createdAt;
  }

  /** When something about this session changes by itself. */
  moments(id: string): Record<"idle" | "absolute" | "renewal" | "grace" | "tombstone", number | undefined> {
    const session = this.#sessions.get(id)!;
    return {
      idle: session.lastSeenAt + this.#policy.idleTimeout,
      absolute: session.createdAt + this.#policy.absoluteTimeout,
      renewal: session.issuedAt + this.#policy.renewAfter,
      grace: session.former.at(-1)?.until,
      tombstone: session.ended?.toldUntil,
    };
  }

  signIn(userId: string, signIn: ModelSignIn): "created" | "session-limit" | "sign-in-outdated" {
    const theirs = [...this.#sessions.values()].filter((each) => each.userId === userId && !each.ended);
    const staying = theirs.filter((each) => this.#isAlive(each) && each.id !== signIn.replacing);
    const tooMany = staying.length + 1 - this.#policy.maxSessions;
    if (tooMany > 0 && this.#policy.onLimit === "refuse") return "session-limit";

    for (const each of theirs) if (!this.#isAlive(each)) this.#end(each, "expired");
    this.#endReplaced(signIn.replacing);
    staying.sort((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1));
    for (const each of staying.slice(0, Math.max(0, tooMany))) this.#end(each, "evicted");

    const session = this.#begin(userId, signIn);
    this.#tell("created", session);
    if (signIn.stillValid) return "created";
    this.#end(session, "account-changed");
    return "sign-in-outdated";
  }

  validate(token: string, kind: string, canRenew: boolean): Expected {
    const standing = this.#stand(token, kind);
    if (standing.kind === "refused") {
      const { kind: _, ...refusal } = standing;
      this.#told.push(`rejected ${refusal.reason} ${token.split(".")[0]}`);
      return { ok: false, ...refusal };
    }
    const { session } = standing;
    const view = this.#view(session);
    const isDue = this.#now() >= session.issuedAt + this.#policy.renewAfter;
    const cookie = canRenew ? this.#offer(standing, kind, isDue) : "none";
    if (this.#now() - session.lastSeenAt >= this.#policy.touchInterval) session.lastSeenAt = this.#now();
    return { ok: true, session: view, superseded: standing.kind === "superseded", cookie };
  }

  renew(token: string, kind: string): ExpectedCookie {
    const standing = this.#stand(token, kind);
    return standing.kind === "refused" ? "none" : this.#offer(standing, kind, true);
  }

  /** Learns the text of a successor that was just sent for the first time, or checks that it is the one sent before. */
  knows(successor: string): boolean {
    const [id, family, word] = successor.split(".");
    const { offered, family: known } = this.#sessions.get(id!)!;
    if (!offered || family !== known) return false;
    offered.word ??= word;
    return offered.word === word;
  }

  reauthenticate(
    token: string,
    kind: string,
    { amr, client }: Pick<ModelSession, "amr" | "client">,
    fresh: string | undefined,
  ): boolean {
    const standing = this.#stand(token, kind);
    if (standing.kind === "refused") return false;
    const { session } = standing;
    this.#outdate(session, session.word);
    if (session.offered) this.#outdate(session, session.offered.word!);
    session.offered = undefined;
    session.word = fresh?.split(".")[2] ?? "";
    session.issuedAt = this.#now();
    session.authenticatedAt = this.#now();
    session.amr = amr;
    session.client = client;
    session.kind = kind;
    this.#tell("reauthenticated", session);
    return true;
  }

  touch(id: string): boolean {
    if (!this.isAlive(id)) return false;
    const session = this.#sessions.get(id)!;
    session.lastSeenAt = Math.max(session.lastSeenAt, this.#now());
    return true;
  }

  update(id: string, patch: Readonly<Record<string, unknown>>): boolean {
    if (!this.isAlive(id)) return false;
    const { data } = this.#sessions.get(id)!;
    for (const [key, value] of Object.entries(patch)) {
      if (value === undefined) data.delete(key);
      else data.set(key, value);
    }
    return true;
  }

  revoke(id: string, reason: string, onlyOf?: string): boolean {
    const session = this.#sessions.get(id);
    if (!session || session.ended) return false;
    const alive = this.#isAlive(session);
    if (onlyOf !== undefined && (!alive || session.userId !== onlyOf)) return false;
    this.#end(session, reason);
    return alive;
  }

  revokeAll(userId: string, reason: string, except: string | undefined): number {
    const theirs = [...this.#sessions.values()].filter(
      (each) => each.userId === userId && each.id !== except,
    );
    return theirs.filter((each) => this.revoke(each.id, reason)).length;
  }

  /** In no particular order. */
  list(userId: string): ModelView[] {
    const theirs = [...this.#sessions.values()].filter((each) => each.userId === userId);
    return theirs.filter((each) => this.#isAlive(each)).map((each) => this.#view(each));
  }

  prune(): number {
    for (const { id, ended } of this.#sessions.values()) {
      if (ended && this.#now() >= ended.toldUntil) this.#sessions.delete(id);
    }
    const expired = [...this.#sessions.values()].filter((each) => !each.ended && !this.#isAlive(each));
    for (const each of expired) {
      this.#tell("expired", each);
      this.#sessions.delete(each.id);
    }
    return expired.length;
  }

  /** Says what a token is worth, and does what its mere appearance does: confirm a renewal, or give a theft away. */
  #stand(token: string, kind: string): Standing {
    const [id, family, word] = token.split(".");
    const session = this.#sessions.get(id!);
    if (!session || session.family !== family) return { kind: "refused", reason: "unknown" };
    if (session.ended) {
      const { reason, toldUntil } = session.ended;
      return this.#now() < toldUntil
        ? { kind: "refused", reason: "ended", ended: reason }
        : { kind: "refused", reason: "unknown" };
    }
    const passed = this.#passedDeadline(session);
    if (passed) return { kind: "refused", reason: passed };
    const isFormer = session.former.some((each) => each.word === word && this.#now() < each.until);
    if (word === session.word || word === session.offered?.word || isFormer) this.#compare(session, kind);
    if (word === session.offered?.word) this.#confirm(session);
    if (word === session.word) {
      return { kind: session.offered?.kind === kind ? "lost" : "current", session };
    }
    if (isFormer) return { kind: "superseded", session };
    this.#end(session, "theft");
    return { kind: "refused", reason: "theft" };
  }

  /** One that said nothing of itself at sign-in has nothing to be compared with. */
  #compare(session: ModelSession, kind: string): void {
    if (session.kind === "unknown" || session.kind === kind || session.oddKinds.has(kind)) return;
    session.oddKinds.add(kind);
    this.#tell("fingerprint", session);
  }

  #offer(standing: Exclude<Standing, { kind: "refused" }>, kind: string, wanted: boolean): ExpectedCookie {
    const { session } = standing;
    if (standing.kind === "lost") return "again";
    if (standing.kind === "superseded" || session.offered || !wanted) return "none";
    if (this.#inGrace(session).length >= mostFormer) return "none";
    session.offered = { word: undefined, kind };
    this.#tell("renewed", session);
    return "new";
  }

  #confirm(session: ModelSession): void {
    this.#outdate(session, session.word);
    session.word = session.offered!.word!;
    session.issuedAt = this.#now();
    session.offered = undefined;
  }

  #outdate(session: ModelSession, word: string): void {
    const until = this.#now() + this.#policy.grace;
    session.former = [...this.#inGrace(session), { word, until }];
    if (session.former.length <= mostFormer) return;
    session.former.shift();
    session.crowded = true;
  }

  #inGrace(session: ModelSession): ModelSession["former"] {
    return session.former.filter(({ until }) => this.#now() < until);
  }

  #begin(userId: string, { id, token, client, kind, data }: ModelSignIn): ModelSession {
    const [, family = "", word = ""] = token?.split(".") ?? [];
    const now = this.#now();
    const session: ModelSession = {
      id,
      userId,
      family,
      createdAt: now,
      client,
      kind,
      oddKinds: new Set(),
      lastSeenAt: now,
      authenticatedAt: now,
      amr: ["pwd"],
      data: new Map(Object.entries(data)),
      word,
      issuedAt: now,
      offered: undefined,
      former: [],
      crowded: false,
      ended: undefined,
    };
    this.#sessions.set(id, session);
    return session;
  }

  #endReplaced(id: string | undefined): void {
    const session = id === undefined ? undefined : this.#sessions.get(id);
    if (session && this.#isAlive(session)) this.#end(session, "replaced");
  }

  #end(session: ModelSession, reason: string): void {
    const told = this.#isAlive(session) ? reason : "expired";
    const own = ["expired", "evicted", "replaced", "theft"].includes(told);
    this.#tell(own ? told : `revoked ${told}`, session);
    session.ended = { reason, toldUntil: this.#now() + tombstoneLifetime };
  }

  #isAlive(session: ModelSession): boolean {
    return !session.ended && !this.#passedDeadline(session);
  }

  #passedDeadline({ createdAt, lastSeenAt }: ModelSession): string | undefined {
    if (this.#now() >= createdAt + this.#policy.absoluteTimeout) return "absolute-timeout";
    return this.#now() >= lastSeenAt + this.#policy.idleTimeout ? "idle-timeout" : undefined;
  }

  #view(session: ModelSession): ModelView {
    const { id, userId, createdAt, authenticatedAt, amr, lastSeenAt, client, data } = session;
    const { idleTimeout, absoluteTimeout } = this.#policy;
    const expiresAt = Math.min(lastSeenAt + idleTimeout, createdAt + absoluteTimeout);
    return {
      id,
      userId,
      createdAt,
      authenticatedAt,
      amr,
      lastSeenAt,
      expiresAt,
      client,
      data: Object.fromEntries(data),
    };
  }

  #tell(what: string, { id }: ModelSession): void {
    this.#told.push(`${what} ${id}`);
  }
}
