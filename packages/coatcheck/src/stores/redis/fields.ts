/** Reads the fields of a hash. Whatever cannot be read back throws. */
import { damaged, json } from "./damage.ts";

/** The fields of a hash by name. */
export type Fields = ReadonlyMap<string, unknown>;

/** Clients give hashes as a list of names and values, as an object or as a map. */
export function fieldsIn(reply: unknown): Fields {
  if (reply instanceof Map) return reply;
  if (!Array.isArray(reply)) return new Map(Object.entries(reply as object));
  const fields = new Map<string, unknown>();
  for (let index = 0; index < reply.length; index += 2) fields.set(reply[index], reply[index + 1]);
  return fields;
}

export function text(fields: Fields, name: string): string {
  const value = fields.get(name);
  if (typeof value !== "string") throw damaged(name);
  return value;
}

export function number(fields: Fields, name: string): number {
  const value = text(fields, name);
  const number = Number(value);
  if (value === "" || !Number.isFinite(number)) throw damaged(name);
  return number;
}

export function parsed<T>(fields: Fields, name: string, fits: (value: unknown) => value is T): T {
  const value = json(text(fields, name), name);
  if (!fits(value)) throw damaged(name);
  return value;
}

/**
 * A text as well-formed Unicode. Clients turn halves of a surrogate pair into U+FFFD: of two keys that differ by them,
 * one would become the other.
 */
export function escaped(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

export function unescaped(text: string, name: string): string {
  return text.includes("\\") ? String(json(`"${text}"`, name)) : text;
}
