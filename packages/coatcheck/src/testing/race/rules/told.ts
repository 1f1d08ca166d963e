/** Each end of a session is told at most once, and exactly once if everybody who may have ended it was answered. */
import { certainEnds, mayEnd } from "../ends.ts";
import { isAnswered, type Violation } from "../history.ts";
import { grouped, type KnownSession, type Ledger } from "../ledger.ts";

export function toldOnce(ledger: Ledger): Violation[] {
  if (!ledger.history.terms.durable) return [];
  const told = grouped(ledger.history.ends, ({ session }) => session);
  const twice = [...told].filter(([, ends]) => ends.length > 1);
  return [
    ...twice.map(([session, ends]): Violation => {
      const by = ends.map(({ type, node }) => `"${type}" by ${node}`).join(" and ");
      const operations = ledger.operations.filter((each) => ledger.sessionOf(each)?.id === session);
      return { rule: "told once", what: `The end of ${session} was told as ${by}`, operations };
    }),
    ...untold(ledger, new Set(told.keys())),
  ];
}

function* untold(ledger: Ledger, told: ReadonlySet<string>): Generator<Violation> {
  const ends = certainEnds(ledger);
  for (const session of ledger.sessions.values()) {
    const end = ends.get(session.id)?.first;
    if (!end?.by || told.has(session.id) || mayBeSilent(ledger, session, end.at)) continue;
    // Expired, and pruned by a node that had no answer: that is told if it can be.
    if (ledger.hasWrongTimes(session)) continue;
    yield { rule: "told once", what: `Nobody told of the end of ${session.id}`, operations: [end.by] };
  }
}

/** Whether one that had no answer may have ended the session: its node is excused. */
function mayBeSilent(ledger: Ledger, session: KnownSession, at: number): boolean {
  const operations = ledger.byUser.get(session.user) ?? [];
  return operations.some(
    (operation) => operation.start < at && !isAnswered(operation) && mayEnd(ledger, operation, session),
  );
}
