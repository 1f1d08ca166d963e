/** Sign-out is final: nothing that begins after the end of a session was answered shows it alive. */
import { type CertainEnd, certainEnds, familyEndedBy, sweepsByUser, sweepsOfFamily } from "../ends.ts";
import { isAnswered, isRefused, type Operation, type Violation } from "../history.ts";
import type { KnownFamily, Ledger } from "../ledger.ts";

export function final(ledger: Ledger): Violation[] {
  return [...endedSessions(ledger), ...forgottenBrowsers(ledger)];
}

function* endedSessions(ledger: Ledger): Generator<Violation> {
  const ends = certainEnds(ledger);
  for (const operation of ledger.operations) {
    for (const session of ledger.shownAlive(operation)) {
      const end = ends.get(session.id)?.before(operation, ledger.staleness(operation));
      if (!end) continue;
      const late = (operation.start - end.at).toFixed(3);
      yield {
        rule: "final",
        what: `${session.id} was alive for "${operation.do}" on ${operation.node}, which began ${late} ms after ${endWords(end)}`,
        operations: [...(end.by ? [end.by] : []), operation],
      };
    }
  }
}

function endWords({ by, node }: CertainEnd): string {
  return by ? `"${by.do}" on ${node} was answered` : `${node} had told of its end`;
}

/** A browser that was forgotten does not come back. */
function* forgottenBrowsers(ledger: Ledger): Generator<Violation> {
  const forgotten = forgottenAt(ledger);
  for (const operation of ledger.operations) {
    if (operation.do !== "resume" || !isAnswered(operation) || isRefused(operation.answer)) continue;
    const family = ledger.familyOf(operation);
    const by = family && forgotten.get(family.name);
    if (!by || operation.start <= by.end!) continue;
    yield {
      rule: "final",
      what: `The browser of ${family.name} came back on ${operation.node} after "${by.do}" was answered`,
      operations: [by, operation],
    };
  }
}

/** The first operation whose answer says that a browser was forgotten, by its name. */
function forgottenAt(ledger: Ledger): Map<string, Operation> {
  const first = new Map<string, Operation>();
  const note = ({ name }: KnownFamily, by: Operation) => {
    const known = first.get(name);
    if (!known || by.end! < known.end!) first.set(name, by);
  };
  for (const operation of ledger.operations) {
    const family = familyEndedBy(ledger, operation);
    if (family) note(family, operation);
  }
  const sweeps = sweepsByUser(ledger);
  for (const family of ledger.families.values()) {
    for (const sweep of sweepsOfFamily(family, sweeps.get(family.user) ?? [])) note(family, sweep);
  }
  return first;
}
