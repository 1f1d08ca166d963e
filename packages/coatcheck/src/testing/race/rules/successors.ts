/** A renewal has one successor, whoever asks and however often; so has each use of a remembered browser's token. */
import { isAnswered, isRefused, type OperationOf, type Violation } from "../history.ts";
import type { Ledger } from "../ledger.ts";

export function oneSuccessor(ledger: Ledger): Violation[] {
  return [...forkedTokens(ledger), ...unheardOf(ledger), ...forkedReturns(ledger)];
}

function* forkedTokens(ledger: Ledger): Generator<Violation> {
  for (const { token, successors } of ledger.tokens.values()) {
    if (successors.size <= 1) continue;
    yield {
      rule: "one successor",
      what: `${token} has ${successors.size} successors: ${[...successors.keys()].join(", ")}`,
      operations: [...successors.values()],
    };
  }
}

/** A secret is replaced only by one that somebody was given. Otherwise its owner is signed out. */
function* unheardOf(ledger: Ledger): Generator<Violation> {
  if (!ledger.history.terms.durable) return;
  for (const operation of ledger.operations) {
    if (operation.do !== "validate" || !isAnswered(operation)) continue;
    const token = ledger.tokens.get(operation.asked.token);
    const { answer } = operation;
    const isReplaced = isRefused(answer) ? answer.refused === "theft" : answer.superseded;
    if (!token || !isReplaced || operation.end > token.replacedAfter) continue;
    yield {
      rule: "one successor",
      what: `${token.token} counts as replaced, and nobody had presented a successor of it`,
      operations: [...token.successors.values(), operation],
    };
  }
}

function* forkedReturns(ledger: Ledger): Generator<Violation> {
  const first = new Map<string, OperationOf<"resume">>();
  for (const operation of ledger.operations) {
    if (operation.do !== "resume") continue;
    const given = givenBy(operation);
    if (!given) continue;
    const { remember } = operation.asked;
    const earlier = first.get(remember);
    if (!earlier) {
      first.set(remember, operation);
      continue;
    }
    const before = givenBy(earlier)!;
    if (before.remember === given.remember && before.session === given.session) continue;
    yield {
      rule: "one successor",
      what: `One use of ${remember} gave ${before.session} with ${before.remember}, and another ${given.session} with ${given.remember}`,
      operations: [earlier, operation],
    };
  }
}

/** What came with cookies. Who goes on in a session that another request was given gets none. */
function givenBy({ answer }: OperationOf<"resume">): { session: string; remember: string } | undefined {
  if (!answer || isRefused(answer) || answer.remember === undefined) return undefined;
  return { session: answer.session, remember: answer.remember };
}
