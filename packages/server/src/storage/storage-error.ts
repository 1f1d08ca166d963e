/** What a person is told when a store cannot be opened or asked: one line, what it is and what to do. */
import { type StoreAddress, shownAddress } from "../store-address.ts";

/** A database or a store that does not answer, or answers no. The message has no password. */
export class StorageError extends Error {
  constructor(setting: "COATCHECK_DATABASE" | "COATCHECK_SESSIONS", address: StoreAddress, cause: unknown) {
    super(
      `${shownAddress(address)} cannot be used: ${reasonOf(cause)}. ` +
        `Check that it runs and can be reached from here, and ${setting}.`,
      { cause },
    );
  }
}

/** The reason in one line. A host with several addresses fails once for each. */
export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) {
    return [...new Set(error.errors.map(reasonOf))].join("; ");
  }
  if (!(error instanceof Error)) return String(error);
  const text = error.message || (error as NodeJS.ErrnoException).code || error.name;
  return text.replace(/\s+/g, " ").replace(/\.$/, "");
}
