/**
 * The application's data in a session: JSON in the store, typed by a Standard Schema in the application.
 *
 * The store keeps what the application wrote, and each read goes through the schema: defaults, coercions and a schema
 * that changed since all show in what is read, and a schema change never breaks a live session.
 */
import { InvalidDataError } from "./errors.ts";
import { flashChange, isReserved, ownData } from "./flash.ts";
import type { CarriedOver } from "./sign-in.ts";
import { type DataChange, dataText, mergeData, type SessionRecord } from "./store.ts";

/** The part of https://standardschema.dev that is used: zod, valibot, arktype and others have it. */
export interface StandardSchema<Output> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
    readonly types?: { readonly input: unknown; readonly output: Output } | undefined;
  };
}

type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** How session data is typed. */
export interface DataOptions<D> {
  /** Synchronous, and it must accept `{}`: that is what a session starts from, and falls back to. */
  readonly schema: StandardSchema<D>;
  /** Raise it when the schema changes. Default 1. */
  readonly version?: number;
  /** Turns data that was written under another version into something the schema accepts. */
  readonly migrate?: (data: Record<string, unknown>, fromVersion: number) => unknown;
}

/** What was read: the data, or empty data and the reason why. */
export interface ReadData<D> {
  readonly data: D;
  readonly issues?: readonly string[];
}

/** The text that a session starts with, and the keys of what was carried over and did not fit. */
export interface StartingData {
  readonly text: string;
  readonly dropped: readonly string[];
}

/** The longest data text of a session, in characters: 1 MiB. */
const maximumLength = 1024 * 1024;

/** Reads and writes the data of sessions. */
export class SessionData<D> {
  readonly version: number;
  readonly #schema: StandardSchema<D> | undefined;
  readonly #migrate: DataOptions<D>["migrate"];

  /** @throws TypeError if the schema is asynchronous or refuses `{}`. */
  constructor(options?: DataOptions<D>) {
    this.version = options?.version ?? 1;
    this.#schema = options?.schema;
    this.#migrate = options?.migrate;
    if (!Number.isSafeInteger(this.version) || this.version < 1) {
      throw new TypeError("data.version must be a whole number from 1 on");
    }
    const { issues } = this.#check({});
    if (issues) {
      throw new TypeError(
        `data.schema must accept {}, with defaults or optional keys: ${describe(issues).join("; ")}`,
      );
    }
  }

  /**
   * What a new session starts with: `data`, and of what the visitor carried over whatever fits. A sign-in never fails
   * for what came from outside.
   */
  start(data: Partial<D> = {}, carried?: CarriedOver): StartingData {
    const change = changeOf(data);
    const entries = new Map(present(change));
    this.#assert(dataText(entries));
    const dropped: string[] = [];
    for (const [key, value] of Object.entries(carried?.values ?? {})) {
      if (change.has(key)) continue;
      const more = new Map(entries).set(key, JSON.stringify(value));
      if (this.#accepts(dataText(more))) entries.set(key, JSON.stringify(value));
      else dropped.push(key);
    }
    const messages = Object.entries(carried?.messages ?? {}).flatMap(([name, text]) => [
      ...flashChange(name, text),
    ]);
    return { text: dataText([...entries, ...present(messages)]), dropped };
  }

  /**
   * The change that merges `patch` into the record's data. `whole` says that it rewrites data of an older schema
   * version, and so must meet the record as it was read.
   */
  change(record: SessionRecord, patch: Partial<D>): { readonly change: DataChange; readonly whole: boolean } {
    const whole = record.dataVersion < this.version;
    const base = whole ? jsonText("what migrate gave", this.#migrated(record))! : record.data;
    const change = changeOf(patch);
    const merged = mergeData(base, change);
    this.#assert(merged);
    return whole ? { change: replacement(record.data, merged), whole } : { change, whole };
  }

  read(record: SessionRecord): ReadData<D> {
    try {
      const result = this.#check(this.#migrated(record));
      if (!result.issues) return { data: result.value };
      return { data: this.#empty(), issues: describe(result.issues) };
    } catch (cause) {
      const issues =
        cause instanceof InvalidDataError ? cause.issues : [`the schema failed: ${nameOf(cause)}`];
      return { data: this.#empty(), issues };
    }
  }

  /** @throws InvalidDataError if the data of an older version cannot be migrated. */
  #migrated(record: SessionRecord): object {
    const data = ownData(record.data);
    if (record.dataVersion >= this.version || !this.#migrate) return data;
    let migrated: unknown;
    try {
      migrated = this.#migrate(data, record.dataVersion);
    } catch (cause) {
      throw new InvalidDataError([`migrate failed: ${nameOf(cause)}`]);
    }
    // Anything else would be merged as if it were {}: what is stored would be lost.
    if (typeof migrated !== "object" || migrated === null || Array.isArray(migrated)) {
      throw new InvalidDataError(["migrate gave no object"]);
    }
    return migrated;
  }

  #empty(): D {
    return (this.#check({}) as { value: D }).value;
  }

  #assert(text: string): void {
    if (text.length > maximumLength)
      throw new InvalidDataError([`longer than ${maximumLength} characters of JSON`]);
    const { issues } = this.#check(ownData(text));
    if (issues) throw new InvalidDataError(describe(issues));
  }

  /** Also where the schema throws. */
  #accepts(text: string): boolean {
    try {
      this.#assert(text);
      return true;
    } catch {
      return false;
    }
  }

  #check(value: unknown): SchemaResult<D> {
    if (!this.#schema) return { value: value as D };
    const result = this.#schema["~standard"].validate(value);
    if (result instanceof Promise) {
      result.catch(() => {});
      throw new TypeError("data.schema must be synchronous");
    }
    return result;
  }
}

/** The keys of a patch as JSON text; `undefined` removes a key. */
function changeOf(patch: object): DataChange {
  assertPatch(patch);
  return new Map(Object.entries(patch).map(([key, value]) => [key, jsonText(key, value)]));
}

/** `Object.entries` would take a text for its letters, and a promise for nothing. */
function assertPatch(patch: unknown): void {
  if (patch instanceof Promise) {
    patch.catch(() => {});
    throw new TypeError(
      "The function given to update must not be async: it may be called again. Await what it needs before",
    );
  }
  if (typeof patch !== "object" || patch === null || Array.isArray(patch)) {
    throw new TypeError(
      'Session data must be an object whose keys are changed one by one: { theme: "dark" }',
    );
  }
}

function jsonText(key: string, value: unknown): string | undefined {
  if (isReserved(key)) throw new InvalidDataError([`${key} is a reserved key`]);
  if (value === undefined) return undefined;
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch {
    // Circular structures and BigInt: said below, without the value.
  }
  if (text === undefined) throw new InvalidDataError([`${key} is no JSON value`]);
  return text;
}

function* present(
  change: Iterable<readonly [string, string | undefined]>,
): Iterable<readonly [string, string]> {
  for (const [key, value] of change) if (value !== undefined) yield [key, value];
}

/** The change that turns the application's part of one data text into another. */
function replacement(before: string, after: string): DataChange {
  const removed = Object.keys(ownData(before)).map((key) => [key, undefined] as const);
  const written = Object.entries(JSON.parse(after)).map(
    ([key, value]) => [key, JSON.stringify(value)] as const,
  );
  return new Map<string, string | undefined>([...removed, ...written]);
}

/** The message may hold values that are nobody's business. */
function nameOf(cause: unknown): string {
  return cause instanceof Error ? cause.name : typeof cause;
}

function describe(issues: readonly SchemaIssue[]): string[] {
  return issues.map(({ message, path = [] }) => {
    const at = path.map((part) => String(typeof part === "object" ? part.key : part)).join(".");
    return at ? `${at}: ${message}` : message;
  });
}
