/** Conditional writes that others were faster with: each loser reads again and decides anew. */
import { StoreUnavailableError } from "./errors.ts";

/** More lost races than this are a store that contradicts itself. */
export const maximumAttempts = 10;

export function tooManyRaces(operation: string, what: string): StoreUnavailableError {
  return new StoreUnavailableError(operation, new Error(what));
}
