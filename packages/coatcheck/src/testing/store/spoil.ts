/** Changes whatever can be changed, at any depth. */
export function spoil(value: unknown): void {
  if (typeof value !== "object" || value === null) return;
  for (const inner of Object.values(value)) spoil(inner);
  for (const key of [...Object.keys(value), "spoilt"]) Reflect.set(value, key, "spoilt");
  if (Array.isArray(value)) Reflect.set(value, "length", 0);
}
