/** A whole number, read from the environment. */

export interface WholeNumber {
  /** As in "Set it to …, from 1 to `most`". */
  readonly meaning: string;
  readonly most: number;
  readonly byDefault: number;
}

/** From 1 to `most`; the default also where something is wrong, which `complain` is told then. */
export function readWholeNumber(
  env: Readonly<Record<string, string | undefined>>,
  name: string,
  { meaning, most, byDefault }: WholeNumber,
  complain: (problem: string) => void,
): number {
  const text = env[name] ?? String(byDefault);
  const number = Number(text);
  if (/^\d{1,5}$/.test(text) && number >= 1 && number <= most) return number;
  complain(`${name} is ${JSON.stringify(text)}. Set it to ${meaning}, from 1 to ${most}.`);
  return byDefault;
}
