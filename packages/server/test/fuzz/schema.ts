/** The schemas of the OpenAPI document, turned into values: those that fit, and those that nearly do. */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { notorious, wildText, wildValue } from "../../../../test/fuzz/texts.ts";
import { type OpenApiDocument, type Schema as Shown, schemaOf } from "../../src/api/openapi.ts";

/** What our schemas say besides what the documentation shows. */
interface Schema extends Shown {
  readonly enum?: readonly unknown[];
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxItems?: number;
  readonly additionalProperties?: unknown;
}

/** Values that the schema takes, with wild texts in them. */
export function fitting(document: OpenApiDocument, shown: Shown): fc.Arbitrary<unknown> {
  const schema: Schema = schemaOf(document, shown);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  switch (schema.type) {
    case "object":
      return fittingObject(document, schema);
    case "array":
      return fc.array(fitting(document, schema.items ?? {}), { maxLength: schema.maxItems ?? 3 });
    case "boolean":
      return fc.boolean();
    case "integer":
      return fc.integer({ min: schema.minimum ?? -(2 ** 53), max: schema.maximum ?? 2 ** 53 });
    default:
      return fittingText(schema);
  }
}

function fittingObject(document: OpenApiDocument, schema: Schema): fc.Arbitrary<unknown> {
  const { properties = {}, required = [] } = schema;
  const members = Object.entries(properties).map(([name, each]) => [name, fitting(document, each)]);
  return fc.record(Object.fromEntries(members), { requiredKeys: required as never[], noNullPrototype: true });
}

function fittingText({ format, minLength = 0, maxLength = 20_000 }: Schema): fc.Arbitrary<string> {
  if (format === "date-time") return fc.date({ noInvalidDate: true }).map((date) => date.toISOString());
  const people = fc.constantFrom("nobody@example.com", "NOBODY@example.com", "a b", "x".repeat(15));
  return fc
    .oneof({ weight: 3, arbitrary: wildText }, { weight: 1, arbitrary: people })
    .filter((text) => text.length >= minLength)
    .map((text) => text.slice(0, maxLength));
}

/** JSON texts of which one thing is not as it should be. */
export function spoiled(values: fc.Arbitrary<unknown>): fc.Arbitrary<string> {
  const key = fc.constantFrom("__proto__", "constructor", "userId", "roles", "isAdmin", "");
  return fc
    .tuple(values, wildValue, key, fc.nat(7), fc.constantFrom(...spoilers))
    .map(([value, wild, name, place, spoil]) => spoil(value, wild, name, place));
}

type Spoiler = (value: unknown, wild: unknown, key: string, place: number) => string;

const spoilers: readonly Spoiler[] = [
  // A member of another type.
  (value, wild, _, place) => JSON.stringify(withMember(value, place, wild)),
  // A member too much, which only the text can have: an object would take `__proto__` for its prototype.
  (value, wild, key) => `{${JSON.stringify(key)}:${JSON.stringify(wild)},${textOf(value).slice(1)}`,
  // The same members twice, with something else first.
  (value, wild) =>
    `{"email":${JSON.stringify(wild)},"password":${JSON.stringify(wild)},${textOf(value).slice(1)}`,
  // A member less.
  (value, _, __, place) => JSON.stringify(withMember(value, place, undefined)),
  // Something else altogether.
  (_, wild) => JSON.stringify(wild),
  (value) => `[${textOf(value)}]`,
  (value) => JSON.stringify(textOf(value)),
  // No JSON.
  (value, _, __, place) => textOf(value).slice(0, place * 3),
  (value) => `${textOf(value)}${textOf(value)}`,
  (value) => textOf(value).replaceAll('"', "'"),
  (value) => `\ufeff${textOf(value)}`,
  (_, __, ___, place) => "[".repeat(2 ** (place + 5)),
  (_, __, ___, place) => `${'{"email":'.repeat(2 ** (place + 3))}1${"}".repeat(2 ** (place + 3))}`,
  (_, wild, __, place) =>
    `${"[".repeat(2 ** (place + 5))}${JSON.stringify(wild)}${"]".repeat(2 ** (place + 5))}`,
  (_, __, ___, place) => notorious[place]!,
  () => "1e999",
];

function textOf(value: unknown): string {
  return JSON.stringify(value) ?? "{}";
}

function withMember(value: unknown, place: number, wild: unknown): unknown {
  const names = Object.keys((value ?? {}) as object);
  if (names.length === 0) return wild;
  return { ...(value as object), [names[place % names.length]!]: wild };
}

/** @throws AssertionError if the value is not what the schema says. */
export function assertFits(document: OpenApiDocument, shown: Shown, value: unknown, at = "answer"): void {
  const { type, properties = {}, required = [], items, ...more }: Schema = schemaOf(document, shown);
  if (more.enum) {
    assert.ok(more.enum.includes(value), at);
  } else if (type === "array") {
    assert.ok(Array.isArray(value), at);
    for (const each of value) assertFits(document, items ?? {}, each, `${at}[]`);
  } else if (type === "object") {
    assert.ok(typeof value === "object" && value !== null && !Array.isArray(value), at);
    for (const name of required) assert.ok(Object.hasOwn(value, name), `${at} has no ${name}`);
    for (const [name, member] of Object.entries(value)) {
      const known = Object.hasOwn(properties, name);
      if (more.additionalProperties === false) assert.ok(known, `${at} has ${name}`);
      if (known) assertFits(document, properties[name]!, member, `${at}.${name}`);
    }
  } else if (type === "integer") assert.ok(Number.isInteger(value), at);
  else if (type !== undefined) assert.equal(typeof value, type, at);
}
