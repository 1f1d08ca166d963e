/** When sessions were certainly over, and from when on they may have been. */
import {
  certainEnd,
  isAnswered,
  isRefused,
  type Operation,
  type OperationOf,
  type ToldEnd,
} from "./history.ts";
import { grouped, type KnownFamily, type KnownSession, type Ledger } from "./ledger.ts";

/** From this time on nothing opens the session. */
export interface CertainEnd {
  readonly at: number;
  readonly node: string;
  /** Undefined if a node told of it. */
  readonly by: Operation | undefined;
}

/** The certain ends of one session: the first of all, and the first on each node. */
export class CertainEnds {
  first: CertainEnd | undefined;
  readonly #onNode = new Map<string, CertainEnd>();

  add(end: CertainEnd): void {
    if (!this.first || end.at < this.first.at) this.first = end;
    const here = this.#onNode.get(end.node);
    if (!here || end.at < here.at) this.#onNode.set(end.node, end);
  }

  /** The end before which this operation would have had to begin. A node knows its own ends at once. */
  before({ node, start }: Operation, staleness: number): CertainEnd | undefined {
    const here = this.#onNode.get(node);
    if (here && start > here.at) return here;
    return this.first && start > this.first.at + staleness ? this.first : undefined;
  }
}

/** The certain ends of all sessions, by their names. */
export function certainEnds(ledger: Ledger): Map<string, CertainEnds> {
  const all = new Map<string, CertainEnds>();
  const ended = (session: KnownSession, at: number, { node }: { node: string }, by?: Operation) => {
    const ends = all.get(session.id) ?? new CertainEnds();
    all.set(session.id, ends);
    ends.add({ at, node, by });
  };
  for (const told of ledger.history.ends) {
    const session = ledger.sessions.get(told.session);
    if (session && isOfSession(session, told)) ended(session, told.at, told);
  }
  for (const operation of ledger.operations) {
    const at = certainEnd(operation);
    const session = endedBy(ledger, operation);
    if (session) ended(session, at, operation, operation);
    const family = familyEndedBy(ledger, operation);
    for (const each of family?.sessions ?? []) ended(each, Math.max(at, each.knownAt), operation, operation);
  }
  const sweeps = sweepsByUser(ledger);
  for (const session of ledger.sessions.values()) {
    for (const sweep of sweepsOf(session, sweeps.get(session.user) ?? [])) {
      ended(session, Math.max(sweep.end, session.knownAt), sweep, sweep);
    }
    const family = session.family === undefined ? undefined : ledger.families.get(session.family);
    for (const sweep of family ? sweepsOfFamily(family, sweeps.get(session.user) ?? []) : []) {
      ended(session, Math.max(sweep.end, session.knownAt), sweep, sweep);
    }
  }
  return all;
}

/** A browser that comes back can be told of as forgotten before the session that it was to have begins. */
function isOfSession({ begunAfter }: KnownSession, { at }: ToldEnd): boolean {
  return at > begunAfter;
}

/** The session that an answered operation shows to be over. */
function endedBy(ledger: Ledger, operation: Operation): KnownSession | undefined {
  if (!isAnswered(operation)) return undefined;
  switch (operation.do) {
    case "revoke":
      return ledger.sessionOf(operation);
    case "validate":
      return isRefused(operation.answer) && isFinal(ledger, operation, operation.answer.refused)
        ? ledger.sessionOf(operation)
        : undefined;
    case "sign in":
      return isRefused(operation.answer) || operation.answer.replaced === undefined
        ? undefined
        : ledger.sessions.get(operation.answer.replaced);
    default:
      return undefined;
  }
}

/**
 * What is said of a session that has ended, and of no other. By a wrong clock the grace of a secret may seem to be over: its
 * token is refused as stolen then, and nothing ends.
 */
function isFinal(ledger: Ledger, operation: Operation, refused: string): boolean {
  if (refused === "ended") return true;
  return refused === "theft" && !ledger.wasMisjudging(operation.node, operation.start, certainEnd(operation));
}

/**
 * The remembered browser that went with its session: who ends a session forgets its browser, also one that comes back
 * at that moment, into one new session. Of browsers that came back more often meanwhile nothing is said.
 */
export function familyEndedBy(ledger: Ledger, operation: Operation): KnownFamily | undefined {
  if (operation.do !== "revoke" || !isAnswered(operation)) return undefined;
  const session = ledger.sessionOf(operation);
  const family = session?.family === undefined ? undefined : ledger.families.get(session.family);
  if (!session || !family) return undefined;
  const newer = new Set<string>();
  for (const resume of family.resumes) {
    if (resume.start >= operation.end || certainEnd(resume) <= session.begunAfter) continue;
    if (!isAnswered(resume)) return undefined;
    // A refused one may have named a session all the same.
    const name = isRefused(resume.answer) ? `refused at ${resume.start}` : resume.answer.session;
    if (name !== session.id) newer.add(name);
  }
  return newer.size <= 1 ? family : undefined;
}

/** An operation that ends all sessions of a user, and was answered. */
export type Sweep = OperationOf<"revoke all" | "disable"> & { readonly end: number };

export function sweepsByUser(ledger: Ledger): Map<string, Sweep[]> {
  const sweeps = ledger.operations.filter(isSweep);
  return grouped(sweeps, ({ asked }) => asked.user);
}

function isSweep(operation: Operation): operation is Sweep {
  return (operation.do === "revoke all" || operation.do === "disable") && isAnswered(operation);
}

/** Those that the session could not escape: it was there before, or what it began with no longer held. */
function sweepsOf(session: KnownSession, sweeps: readonly Sweep[]): Sweep[] {
  const { credentials = Number.POSITIVE_INFINITY } = session;
  return sweeps.filter((sweep) => {
    if (sweep.do === "revoke all" && sweep.asked.except === session.id) return false;
    if (session.knownAt <= sweep.start) return true;
    return sweep.do === "disable" && credentials < sweep.asked.credentials;
  });
}

/** Those that forgot the browser: whatever it comes back into ends as well. */
export function sweepsOfFamily(family: KnownFamily, sweeps: readonly Sweep[]): Sweep[] {
  return sweeps.filter(({ start, asked }) => family.knownAt <= start && !("except" in asked && asked.except));
}

/**
 * From when on each session may be over, by its name: when the first operation began that may have ended it, answered or
 * not. Nothing else ends a session.
 */
export function possibleEnds(ledger: Ledger): Map<string, number> {
  const all = new Map<string, number>();
  for (const session of ledger.sessions.values()) {
    const operations = ledger.byUser.get(session.user) ?? [];
    const first = operations.find((operation) => mayEnd(ledger, operation, session));
    all.set(session.id, first?.start ?? Number.POSITIVE_INFINITY);
  }
  return all;
}

/** Whether an operation on behalf of a user may have ended this session of theirs. */
export function mayEnd(ledger: Ledger, operation: Operation, session: KnownSession): boolean {
  if (certainEnd(operation) <= session.begunAfter) return false;
  switch (operation.do) {
    case "revoke":
      return operation.asked.session === session.id || isOfFamily(ledger.sessionOf(operation), session);
    case "revoke all":
      return operation.asked.except !== session.id;
    case "disable":
      return true;
    case "sign in":
      return !began(operation, session) && signInMayEnd(ledger, operation, session);
    case "resume":
      return !began(operation, session) && resumeMayEnd(ledger, operation, session);
    case "validate":
    case "renew":
    case "reauthenticate":
      return isOfFamily(ledger.sessionOf(operation), session) && mayLookStolen(ledger, operation);
    default:
      return false;
  }
}

function began(operation: OperationOf<"sign in" | "resume">, session: KnownSession): boolean {
  const { answer } = operation;
  return answer !== undefined && !isRefused(answer) && answer.session === session.id;
}

function isOfFamily(one: KnownSession | undefined, other: KnownSession): boolean {
  if (!one) return false;
  return one.id === other.id || (one.family !== undefined && one.family === other.family);
}

function signInMayEnd(ledger: Ledger, { asked }: OperationOf<"sign in">, session: KnownSession): boolean {
  if (asked.user in ledger.history.terms.limits) return true;
  const over = asked.over === undefined ? undefined : ledger.tokens.get(asked.over)?.session;
  return isOfFamily(over, session);
}

function resumeMayEnd(ledger: Ledger, operation: OperationOf<"resume">, session: KnownSession): boolean {
  if (operation.asked.user in ledger.history.terms.limits) return true;
  const family = ledger.familyOf(operation);
  return family === undefined || family.name === session.family;
}

/** Whether its token was replaced, and the grace may have been over when it was presented. */
function mayLookStolen(
  ledger: Ledger,
  operation: OperationOf<"validate" | "renew" | "reauthenticate">,
): boolean {
  const token = ledger.tokens.get(operation.asked.token);
  if (!token) return false;
  const grace = token.session.mayForget ? 0 : ledger.history.terms.grace;
  return certainEnd(operation) >= token.replacedAfter + grace;
}
