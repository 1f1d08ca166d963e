/** Where the keys of the server come from. */
import { KeyRing } from "coatcheck";
import type { DatabaseAddress } from "../store-address.ts";

export type KeySource =
  /** `COATCHECK_SECRET`, the key that seals first. */
  | { readonly kind: "given"; readonly keys: readonly string[] }
  /** A file beside the embedded database; made at the first start. */
  | { readonly kind: "file"; readonly file: string };

/** Undefined where nobody gave keys and no file is ours to keep them in. */
export function keySource(secret: string | undefined, database: DatabaseAddress): KeySource | undefined {
  if (secret !== undefined) return { kind: "given", keys: secret.split(",").map((key) => key.trim()) };
  return database.kind === "sqlite" ? { kind: "file", file: `${database.file}.keys` } : undefined;
}

/** What is wrong with the keys; never shows one. */
export function keysProblem(keys: readonly string[]): string | undefined {
  try {
    new KeyRing(keys);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
