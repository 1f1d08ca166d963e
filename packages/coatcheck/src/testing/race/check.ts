/** Holds a history against the promises. Pure: the same history is judged the same, wherever it came from. */
import type { RaceHistory, Violation } from "./history.ts";
import { Ledger } from "./ledger.ts";
import { nobodyIsSignedOut } from "./rules/alive.ts";
import { final } from "./rules/final.ts";
import { limit } from "./rules/limit.ts";
import { oneSuccessor } from "./rules/successors.ts";
import { toldOnce } from "./rules/told.ts";
import { noLostUpdate } from "./rules/updates.ts";

const rules = [final, oneSuccessor, limit, noLostUpdate, toldOnce, nobodyIsSignedOut] as const;

/**
 * The promises that a history breaks; empty if it breaks none. What was not answered may have been done or not, at any
 * time after it began, and nothing is concluded from it.
 */
export function checkHistory(history: RaceHistory): Violation[] {
  const ledger = new Ledger(history);
  return rules.flatMap((rule) => rule(ledger));
}
