/** Who is who in a history: which session a token opens, which browser a session belongs to, and who said so when. */
import {
  certainEnd,
  isAnswered,
  isRefused,
  type Operation,
  type OperationOf,
  type RaceHistory,
} from "./history.ts";

/** A session that somebody was told of. */
export interface KnownSession {
  readonly id: string;
  readonly user: string;
  /** The remembered browser that it belongs to, by its first token. */
  family: string | undefined;
  /** Where it began. */
  readonly node: string;
  /** It began at this time or later. */
  readonly begunAfter: number;
  /** It was there at this time: the first answer that named it. */
  knownAt: number;
  /** What was checked when it began, where something was. */
  readonly credentials: number | undefined;
  /**
   * Whether a secret of it may be forgotten within its grace: re-authentication goes on however many there are, and so
   * many more are no browser's doing.
   */
  mayForget?: boolean;
}

/** A token of a session, as it was handed out first. */
export interface KnownToken {
  readonly token: string;
  readonly session: KnownSession;
  /** It was made at this time or later. */
  readonly madeAfter: number;
  /** Those that were given for it. */
  readonly successors: Map<string, Operation>;
  /** Somebody presented a successor of it at this time or later; never, if nobody did. */
  replacedAfter: number;
}

/** A remembered browser. */
export interface KnownFamily {
  readonly name: string;
  readonly user: string;
  /** It was there at this time. */
  readonly knownAt: number;
  readonly sessions: KnownSession[];
  readonly resumes: OperationOf<"resume">[];
}

/** So many former secrets are always remembered for their grace. */
const fewSecrets = 8;

export class Ledger {
  readonly history: RaceHistory;
  /** In the order of their starts. */
  readonly operations: readonly Operation[];
  readonly sessions: Map<string, KnownSession> = new Map();
  readonly tokens: Map<string, KnownToken> = new Map();
  readonly families: Map<string, KnownFamily> = new Map();
  /** By user, in the order of their starts. */
  readonly byUser: ReadonlyMap<string, readonly Operation[]>;
  readonly #familyOf = new Map<string, KnownFamily>();
  readonly #predecessor = new Map<string, KnownToken>();
  #tokensOf: Map<KnownSession, KnownToken[]> | undefined;
  #open: Map<KnownSession, Operation[]> | undefined;

  constructor(history: RaceHistory) {
    this.history = history;
    this.operations = history.operations.toSorted((a, b) => a.start - b.start);
    for (const operation of this.operations) this.#enter(operation);
    for (const operation of this.operations) {
      if (operation.do === "reauthenticate") this.#replaceAll(operation);
    }
    this.byUser = grouped(this.operations, (operation) => this.userOf(operation));
  }

  /** The session that an operation is about, by the token or the name that it was asked with. */
  sessionOf(operation: Operation): KnownSession | undefined {
    const { asked } = operation;
    if ("session" in asked) return this.sessions.get(asked.session);
    return "token" in asked ? this.tokens.get(asked.token)?.session : undefined;
  }

  /** The remembered browser whose token is presented. */
  familyOf(operation: OperationOf<"resume">): KnownFamily | undefined {
    return this.#familyOf.get(operation.asked.remember);
  }

  userOf(operation: Operation): string | undefined {
    return "user" in operation.asked ? operation.asked.user : this.sessionOf(operation)?.user;
  }

  /** The sessions that an answer shows to be alive at some time during the operation. */
  shownAlive(operation: Operation): KnownSession[] {
    if (!isAnswered(operation)) return [];
    const known = (id: string) => this.sessions.get(id) ?? [];
    switch (operation.do) {
      case "list":
        return operation.answer.flatMap(known);
      case "resume":
        return isRefused(operation.answer) ? [] : [known(operation.answer.session)].flat();
      case "validate":
        return isRefused(operation.answer) ? [] : [known(operation.answer.session)].flat();
      case "renew":
        return operation.answer.successor === undefined ? [] : [this.sessionOf(operation) ?? []].flat();
      case "reauthenticate":
        return operation.answer.token === undefined ? [] : [this.sessionOf(operation) ?? []].flat();
      case "write":
      case "count":
        return operation.answer ? [this.sessionOf(operation) ?? []].flat() : [];
      default:
        return [];
    }
  }

  /** How old the answer may be that this operation gives of what was done on another node. */
  staleness(operation: Operation): number {
    const mayBeOld = operation.do === "validate" && !operation.asked.strict;
    return mayBeOld ? this.history.terms.staleness : 0;
  }

  /** Whether the clock of a node was wrong meanwhile: what it said of deadlines counts for nothing. */
  wasMisjudging(node: string, start: number, end: number): boolean {
    return this.history.faults.some(
      (fault) => fault.misjudges === node && start < fault.end && end > fault.start,
    );
  }

  /** Whether a session began on a node whose clock was wrong, and may have expired by the right ones ever since. */
  hasWrongTimes({ node, begunAfter, knownAt }: KnownSession): boolean {
    return this.wasMisjudging(node, begunAfter, knownAt);
  }

  #enter(operation: Operation): void {
    this.#notePresented(operation);
    if (!isAnswered(operation)) return;
    if (operation.do === "sign in") this.#enterSignIn(operation, operation.end);
    if (operation.do === "resume") this.#enterResume(operation, operation.end);
    if (operation.do === "validate" || operation.do === "renew") {
      const { answer, asked } = operation;
      if (isRefused(answer) || answer.successor === undefined) return;
      this.#enterSuccessor(operation, asked.token, answer.successor);
    }
    if (operation.do === "reauthenticate" && operation.answer.token !== undefined) {
      const session = this.sessionOf(operation);
      if (session) this.#handOut(operation.answer.token, session, operation.start);
    }
  }

  #notePresented(operation: Operation): void {
    const { asked } = operation;
    if ("token" in asked) this.#noteSeen(asked.token, operation.start);
    if (operation.do === "sign in" && operation.asked.over !== undefined) {
      this.#noteSeen(operation.asked.over, operation.start);
    }
    if (operation.do === "resume") this.familyOf(operation)?.resumes.push(operation);
  }

  /** Whoever presents a token has it, and so the one before it is on its way out. */
  #noteSeen(token: string, at: number): void {
    const predecessor = this.#predecessor.get(token);
    if (predecessor) predecessor.replacedAfter = Math.min(predecessor.replacedAfter, at);
  }

  #enterSignIn({ asked, answer, start, node }: OperationOf<"sign in">, end: number): void {
    if (!answer || isRefused(answer)) return;
    const { user, credentials } = asked;
    const family = answer.remember;
    const session = this.#known({
      id: answer.session,
      user,
      family,
      node,
      begunAfter: start,
      knownAt: end,
      credentials,
    });
    this.#handOut(answer.token, session, start);
    if (family !== undefined && !this.#familyOf.has(family)) {
      const known = { name: family, user, knownAt: end, sessions: [session], resumes: [] };
      this.families.set(family, known);
      this.#familyOf.set(family, known);
    }
  }

  #enterResume(operation: OperationOf<"resume">, end: number): void {
    const { asked, answer, start, node } = operation;
    if (!answer || isRefused(answer)) return;
    const family = this.familyOf(operation);
    const { session: id, token, remember } = answer;
    const isNew = !this.sessions.has(id);
    const facts = { id, user: asked.user, family: family?.name, node, begunAfter: start, knownAt: end };
    const session = this.#known({ ...facts, credentials: undefined });
    if (isNew) family?.sessions.push(session);
    if (token !== undefined) this.#handOut(token, session, start);
    if (remember !== undefined && family) this.#familyOf.set(remember, family);
  }

  #enterSuccessor(operation: Operation, token: string, successor: string): void {
    const known = this.tokens.get(token);
    if (!known) return;
    if (!known.successors.has(successor)) known.successors.set(successor, operation);
    this.#handOut(successor, known.session, operation.start);
    this.#predecessor.set(successor, known);
  }

  #known(facts: KnownSession): KnownSession {
    const known = this.sessions.get(facts.id) ?? facts;
    known.knownAt = Math.min(known.knownAt, facts.knownAt);
    this.sessions.set(facts.id, known);
    return known;
  }

  #handOut(token: string, session: KnownSession, madeAfter: number): void {
    if (this.tokens.has(token)) return;
    const replacedAfter = Number.POSITIVE_INFINITY;
    this.tokens.set(token, { token, session, madeAfter, successors: new Map(), replacedAfter });
  }

  /** Whatever the session had by then is on its way out, a successor that nobody has presented yet as well. */
  #replaceAll(operation: OperationOf<"reauthenticate">): void {
    const session = this.sessionOf(operation);
    if (!session || (isAnswered(operation) && operation.answer.token === undefined)) return;
    this.#tokensOf ??= grouped(this.tokens.values(), (token) => token.session);
    const tokens = this.#tokensOf.get(session) ?? [];
    const fresh = this.tokens.get(operation.answer?.token ?? "");
    for (const known of tokens) {
      if (known === fresh || known.madeAfter >= certainEnd(operation)) continue;
      known.replacedAfter = Math.min(known.replacedAfter, operation.start);
    }
    session.mayForget = tokens.length + this.#unanswered(session) > fewSecrets;
  }

  /** How many operations may have given the session a secret that nobody knows of. */
  #unanswered(session: KnownSession): number {
    this.#open ??= grouped(
      this.operations.filter((operation) => !isAnswered(operation) && "token" in operation.asked),
      (operation) => this.sessionOf(operation),
    );
    return this.#open.get(session)?.length ?? 0;
  }
}

export function grouped<T, K>(all: Iterable<T>, keyOf: (one: T) => K | undefined): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const one of all) {
    const key = keyOf(one);
    if (key === undefined) continue;
    const group = groups.get(key);
    if (group) group.push(one);
    else groups.set(key, [one]);
  }
  return groups;
}
