/** No update that was answered is lost, and none appears that was not made. */
import {
  certainEnd,
  isAnswered,
  isRefused,
  type Operation,
  type OperationOf,
  type Violation,
} from "../history.ts";
import { grouped, type Ledger } from "../ledger.ts";

type Write = OperationOf<"write">;
type Count = OperationOf<"count">;
type Read = OperationOf<"validate"> & { readonly end: number };

export function noLostUpdate(ledger: Ledger): Violation[] {
  const writes = grouped(ofKind(ledger, "write"), ({ asked }) => placeOf(asked));
  const counts = grouped(ofKind(ledger, "count"), ({ asked }) => placeOf(asked));
  const keysOf = grouped([...writes.keys(), ...counts.keys()], (place) => place.split(" ", 1)[0]);
  const violations: Violation[] = [];
  for (const operation of ledger.operations) {
    if (operation.do !== "validate" || !isAnswered(operation) || isRefused(operation.answer)) continue;
    const { session, data } = operation.answer;
    for (const place of keysOf.get(session) ?? []) {
      const value = data[place.slice(session.length + 1)];
      const written = writes.get(place);
      const wrong = written
        ? wrongValue(ledger, operation, value, written)
        : wrongCount(ledger, operation, value ?? 0, counts.get(place)!);
      if (wrong) violations.push({ rule: "no lost update", ...wrong });
    }
  }
  return violations;
}

function ofKind<Do extends Operation["do"]>(ledger: Ledger, kind: Do): OperationOf<Do>[] {
  return ledger.operations.filter((operation): operation is OperationOf<Do> => operation.do === kind);
}

function placeOf({ session, key }: { readonly session: string; readonly key: string }): string {
  return `${session} ${key}`;
}

type Wrong = Omit<Violation, "rule">;

/** What is read was written, and nothing that had been answered by then was written after it. */
function wrongValue(
  ledger: Ledger,
  read: Read,
  value: number | undefined,
  writes: readonly Write[],
): Wrong | undefined {
  const source = writes.find(({ asked }) => asked.value === value);
  if (value !== undefined && (!source || source.answer === false || source.start > read.end)) {
    return { what: `${value} was read, and nobody had written it`, operations: [read] };
  }
  if (!ledger.history.terms.durable) return undefined;
  const written = source ? certainEnd(source) : Number.NEGATIVE_INFINITY;
  const later = writes.find((write) => isDoneBefore(ledger, write, read) && write.start > written);
  if (!later) return undefined;
  const { key, session } = later.asked;
  return {
    what: `${key} of ${session} was ${value ?? "missing"} after ${later.asked.value} had been written`,
    operations: [...(source ? [source] : []), later, read],
  };
}

/** The sum has everything that was answered before, and nothing that had not begun. */
function wrongCount(ledger: Ledger, read: Read, value: number, counts: readonly Count[]): Wrong | undefined {
  const { durable } = ledger.history.terms;
  const least = durable ? counts.filter((count) => isDoneBefore(ledger, count, read)).length : 0;
  const most = counts.filter(({ start, answer }) => answer !== false && start < read.end).length;
  if (value >= least && value <= most) return undefined;
  const { key, session } = counts[0]!.asked;
  return {
    what: `${key} of ${session} was ${value}, and must have been from ${least} to ${most}`,
    operations: [...counts.filter(({ start }) => start < read.end), read],
  };
}

/** Whether a read cannot have missed it. A node knows its own writes at once. */
function isDoneBefore(ledger: Ledger, write: Write | Count, read: Read): boolean {
  if (write.answer !== true) return false;
  const staleness = write.node === read.node ? 0 : ledger.staleness(read);
  return certainEnd(write) + staleness < read.start;
}
