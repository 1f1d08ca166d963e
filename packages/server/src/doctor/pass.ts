/**
 * What lets an operator's command ask a running server about itself: proof that it has the same keys. It is sealed,
 * lives for a minute, and opens nothing else.
 */
import type { KeyRing } from "coatcheck";

const scheme = "Coatcheck-Operator";
const name = "doctor";
const lifetime = 60_000;

/** The value of an `Authorization` header. */
export function operatorPass(keys: KeyRing, now: number): string {
  return `${scheme} ${keys.seal("operator", name, name, now + lifetime)}`;
}

export function isOperatorPass(keys: KeyRing, header: string | undefined, now: number): boolean {
  const [given, pass = ""] = header?.split(" ") ?? [];
  return given === scheme && keys.open("operator", name, pass, now) === name;
}
