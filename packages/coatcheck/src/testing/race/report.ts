/** Tells people what a history shows. */
import { isAnswered, type Operation, type RaceHistory, type Violation } from "./history.ts";

/** So many operations before and after those that show the violation. */
const around = 8;

/** A violation in words, with the history around it. Operations that show it are marked. */
export function explain(history: RaceHistory, { rule, what, operations }: Violation): string {
  const shown = new Set(operations);
  const sorted = history.operations.toSorted((a, b) => a.start - b.start);
  const began = sorted[0]?.start ?? 0;
  const near = new Set<number>();
  sorted.forEach((operation, index) => {
    if (!shown.has(operation)) return;
    for (let at = index - around; at <= index + around; at++) near.add(at);
  });
  const lines = sorted.flatMap((operation, index) =>
    near.has(index) ? [`${shown.has(operation) ? "▶" : " "} ${line(operation, began)}`] : [],
  );
  return [`${rule}: ${what}`, ...lines].join("\n");
}

/** One operation on one line; times are milliseconds since the race began. */
function line(operation: Operation, began: number): string {
  const { node, do: deed, asked, start, end } = operation;
  const when = `${(start - began).toFixed(2)}–${end === undefined ? "" : (end - began).toFixed(2)}`;
  return `${when.padEnd(18)} ${node}  ${deed} ${words(asked)} → ${outcome(operation)}`;
}

function outcome(operation: Operation): string {
  if (isAnswered(operation)) return words(operation.answer);
  return operation.failed === undefined ? "no answer" : `failed: ${operation.failed}`;
}

function words(value: unknown): string {
  if (Array.isArray(value)) return `[${value.join(", ")}]`;
  if (typeof value !== "object" || value === null) return String(value);
  const entries = Object.entries(value).filter(([, inner]) => inner !== false && inner !== undefined);
  return entries
    .map(([field, inner]) =>
      inner === true ? field : `${field}: ${typeof inner === "object" ? JSON.stringify(inner) : inner}`,
    )
    .join(", ");
}

/** How often what was done, and how it came out. */
export function summary({ operations, faults }: RaceHistory): string {
  const count = (of: (operation: Operation) => boolean) => operations.filter(of).length;
  const failed = count(({ failed }) => failed !== undefined);
  const unanswered = count(({ end }) => end === undefined);
  const recent = count((operation) => operation.do === "validate" && "recent" in (operation.answer ?? {}));
  const longest = operations.reduce((most, { start, end = start }) => Math.max(most, end - start), 0);
  const parts = [
    `${operations.length} operations`,
    ...(recent > 0 ? [`${recent} from a cache`] : []),
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(unanswered > 0 ? [`${unanswered} unanswered`] : []),
    `the longest ${Math.round(longest)} ms`,
    ...faults.map(({ what, start, end }) => `${what} for ${Math.round(end - start)} ms`),
  ];
  return parts.join(", ");
}
