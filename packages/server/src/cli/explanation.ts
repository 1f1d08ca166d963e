/** What a person is told when a command cannot be done. */
import { StoreUnavailableError } from "coatcheck";
import { AccountsUnavailableError } from "../accounts/accounts-outage.ts";
import { ConfigError } from "../config.ts";
import { DatabaseOpenError } from "../database.ts";
import { KeyFileError } from "../keys/key-file.ts";
import { reasonOf, StorageError } from "../storage/storage-error.ts";
import { FailedError, MisuseError } from "./command.ts";

/** Errors whose message says all, and what to do. */
const spoken = [DatabaseOpenError, StorageError, KeyFileError, FailedError, MisuseError];

/** One clear message for what people can mend; the whole error for what only we can. */
export function explanation(error: unknown): string {
  if (error instanceof ConfigError) {
    return [`${error.message}:`, ...error.problems.map((problem) => `  - ${problem}`)].join("\n");
  }
  if (spoken.some((kind) => error instanceof kind)) return (error as Error).message;
  if (error instanceof StoreUnavailableError || error instanceof AccountsUnavailableError) {
    return `${error.message}: ${reasonOf(error.cause)}.`;
  }
  const { code, port, address } = error as NodeJS.ErrnoException & { port?: number; address?: string };
  switch (code) {
    case "EADDRINUSE":
      return `Port ${port} is in use. Stop what listens there, or set PORT to another.`;
    case "EACCES":
      if (port) return `Listening on port ${port} is not allowed. Set PORT to 1024 or more.`;
      break;
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return `HOST is ${address ?? "a name"} that is no address of this machine. Set HOST to one that is, or leave it unset.`;
  }
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
