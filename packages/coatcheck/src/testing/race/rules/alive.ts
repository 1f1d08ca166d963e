/** Nobody is signed out whom nobody signed out: a session that nothing may have ended is there, for whoever asks. */
import { possibleEnds } from "../ends.ts";
import { isAnswered, isRefused, type Operation, type OperationOf, type Violation } from "../history.ts";
import { grouped, type KnownSession, type Ledger } from "../ledger.ts";

export function nobodyIsSignedOut(ledger: Ledger): Violation[] {
  if (!ledger.history.terms.durable) return [];
  const ends = possibleEnds(ledger);
  const sessionsOf = grouped(ledger.sessions.values(), ({ user }) => user);
  const violations: Violation[] = [];
  for (const operation of ledger.operations) {
    if (!isAnswered(operation)) continue;
    if (ledger.wasMisjudging(operation.node, operation.start, operation.end)) continue;
    const users = sessionsOf.get(ledger.userOf(operation) ?? "") ?? [];
    for (const session of missing(ledger, operation, users)) {
      const { end } = operation;
      if (session.knownAt >= operation.start || end > ends.get(session.id)!) continue;
      if (ledger.hasWrongTimes(session)) continue;
      violations.push({
        rule: "nobody is signed out",
        what: `${session.id} was gone for "${operation.do}" on ${operation.node}, and nothing had ended it`,
        operations: [operation],
      });
    }
  }
  return violations;
}

/** The sessions that an answer says are not there. */
function missing(ledger: Ledger, operation: Operation, sessions: readonly KnownSession[]): KnownSession[] {
  switch (operation.do) {
    case "validate":
      return operation.answer && isRefused(operation.answer) && mustOpen(ledger, operation)
        ? [ledger.sessionOf(operation) ?? []].flat()
        : [];
    case "reauthenticate":
      return operation.answer?.token === undefined && mustOpen(ledger, operation)
        ? [ledger.sessionOf(operation) ?? []].flat()
        : [];
    case "write":
    case "count":
      return operation.answer ? [] : [ledger.sessionOf(operation) ?? []].flat();
    case "list":
      return sessions.filter(({ id }) => !operation.answer?.includes(id));
    default:
      return [];
  }
}

/** Whether the token was still good: not replaced, or within the grace of its replacement. */
function mustOpen(ledger: Ledger, { asked, end }: OperationOf<"validate" | "reauthenticate">): boolean {
  const token = ledger.tokens.get(asked.token);
  if (!token) return false;
  const grace = token.session.mayForget ? 0 : ledger.history.terms.grace;
  return end! < token.replacedAfter + grace;
}
