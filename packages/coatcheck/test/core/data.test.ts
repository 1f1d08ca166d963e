/** Typed data: what is written is checked, and what is read fits the schema. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { z } from "zod";
import type { StandardSchema } from "../../src/core/data.ts";
import { DataConflictError, InvalidDataError } from "../../src/core/errors.ts";
import { MemorySessionStore } from "../../src/stores/memory.ts";
import { house } from "./house.ts";
import { read, recordOf, release } from "./release.ts";

const isInvalid = (pattern: RegExp) => (error: unknown) =>
  error instanceof InvalidDataError && error.code === "invalid-data" && pattern.test(error.message);

const preferences = z.object({
  theme: z.enum(["light", "dark"]).default("light"),
  visits: z.number().int().min(0).default(0),
  lastOrder: z.coerce.date().optional(),
});

/** A schema written by hand, as the specification of Standard Schema describes it. */
function handWritten<D>(check: (value: Record<string, unknown>) => D | string): StandardSchema<D> {
  const validate = (value: unknown) => {
    const result = check(value as Record<string, unknown>);
    return typeof result === "string" ? { issues: [{ message: result }] } : { value: result };
  };
  return { "~standard": { version: 1, vendor: "test", validate } };
}

describe("data with a schema", () => {
  it("has the schema's defaults, which are not stored", async () => {
    const at = release({ schema: preferences });
    await at.sessions.create("ada");
    assert.deepEqual((await read(at)).data, { theme: "light", visits: 0 });
    assert.equal((await recordOf(at)).data, "{}");
  });

  it("is read as the schema makes it: dates are dates again", async () => {
    const at = release({ schema: preferences });
    const lastOrder = new Date(86_400_000);
    const { session } = await at.sessions.create("ada", { data: { lastOrder } });
    assert.deepEqual(session.data.lastOrder, lastOrder);
    assert.deepEqual((await read(at)).data.lastOrder, lastOrder);
    await at.sessions.update(session.id, { lastOrder: new Date(0) });
    assert.equal((await read(at)).data.lastOrder?.getTime(), 0);
  });

  it("is typed, by inference alone: nothing global is declared (express-session#792)", async () => {
    const at = release({ schema: preferences });
    const { session } = await at.sessions.create("ada", { data: { theme: "dark" } });
    const theme: "light" | "dark" = session.data.theme;
    assert.equal(theme, "dark");
    // @ts-expect-error: no such theme
    await assert.rejects(at.sessions.update(session.id, { theme: "blue" }), InvalidDataError);
  });

  it("loses a key that is set to undefined, and has its default again", async () => {
    const at = release({ schema: preferences });
    const { session } = await at.sessions.create("ada", { data: { theme: "dark", visits: 3 } });
    assert.equal(await at.sessions.update(session.id, { theme: undefined } as never), true);
    assert.deepEqual((await read(at)).data, { theme: "light", visits: 3 });
    assert.equal((await recordOf(at)).data, '{"visits":3}');
  });

  it("that does not fit is refused at sign-in, and there is no session", async () => {
    const at = release({ schema: preferences });
    const signIn = at.sessions.create("ada", { data: { visits: -1 } });
    await assert.rejects(signIn, isInvalid(/visits/));
    assert.deepEqual(await at.sessions.list("ada"), []);
    assert.deepEqual(at.events, []);
  });

  it("that does not fit is refused by update, and nothing is written", async () => {
    const at = release({ schema: preferences });
    const { session } = await at.sessions.create("ada", { data: { visits: 1 } });
    const before = await recordOf(at);
    const bad: unknown[] = [{ visits: 0.5 }, { theme: "blue", visits: 2 }, { lastOrder: "never" }];
    for (const patch of bad) {
      await assert.rejects(at.sessions.update(session.id, patch as object), InvalidDataError);
      await assert.rejects(
        at.sessions.update(session.id, () => patch as object),
        InvalidDataError,
      );
    }
    assert.deepEqual(await recordOf(at), before);
  });

  it("is refused without saying its values", async () => {
    const at = release({ schema: handWritten(({ pin }) => (pin ? "the pin is not allowed" : { pin })) });
    const error = await at.sessions.create("ada", { data: { pin: 4711 } }).catch((each: unknown) => each);
    assert.ok(error instanceof InvalidDataError);
    assert.deepEqual(error.issues, ["the pin is not allowed"]);
    assert.ok(!error.message.includes("4711"));
  });

  it("is checked as it will be read, not as it was written", async () => {
    const at = release({ schema: preferences });
    // JSON has no NaN: it becomes null.
    await assert.rejects(at.sessions.create("ada", { data: { visits: Number.NaN } }), InvalidDataError);
  });

  it("keeps what the schema does not know, for releases that do", async () => {
    const store = new MemorySessionStore();
    const wide = release(undefined, store);
    const { session } = await wide.sessions.create("ada", { data: { theme: "dark", cart: ["tea"] } });
    const narrow = release({ schema: preferences }, store);
    assert.deepEqual((await read(narrow)).data, { theme: "dark", visits: 0 });
    await narrow.sessions.update(session.id, { visits: 1 });
    assert.deepEqual((await read(wide)).data, { theme: "dark", cart: ["tea"], visits: 1 });
  });

  it("says where it does not fit, in schemas of any kind", async () => {
    const path = ["cart", { key: 0 }, Symbol("size")];
    const validate = (value: unknown) =>
      Object.keys(value as object).length === 0
        ? { value: {} }
        : { issues: [{ message: "is too large", path }, { message: "and wrong" }] };
    const at = release({ schema: { "~standard": { version: 1, vendor: "test", validate } } });
    const signIn = at.sessions.create("ada", { data: { cart: [] } as object });
    await assert.rejects(signIn, { issues: ["cart.0.Symbol(size): is too large", "and wrong"] });
  });

  it("is parsed once for each session object, and not shared between two", async () => {
    let parsed = 0;
    const schema = handWritten((value) => {
      parsed++;
      return value;
    });
    const at = release({ schema });
    await at.sessions.create("ada", { data: { cart: ["tea"] } });
    const [one, other] = [await read(at), await read(at)];
    parsed = 0;
    assert.equal(one.data, one.data);
    (one.data.cart as string[]).push("coffee");
    assert.deepEqual(other.data, { cart: ["tea"] });
    assert.equal(parsed, 2);
  });
});

describe("a schema", () => {
  it("must accept {}: a session starts from it, and falls back to it", () => {
    const demanding = z.object({ theme: z.string() });
    assert.throws(() => release({ schema: demanding }), /data\.schema must accept \{\}.*theme/);
  });

  it("must be synchronous, which is seen at start", async () => {
    const schema = z.object({}).refine(async () => true);
    assert.throws(() => release({ schema }), { name: "TypeError", message: /synchronous/ });
    const rejecting: StandardSchema<object> = {
      "~standard": { version: 1, vendor: "test", validate: () => Promise.reject(new Error("unheard")) },
    };
    assert.throws(() => release({ schema: rejecting }), TypeError);
  });

  it("that is asynchronous for some values only is reported where it is used", async () => {
    const validate = (value: unknown) =>
      Object.keys(value as object).length === 0 ? { value: {} } : Promise.resolve({ value: {} });
    const schema: StandardSchema<object> = { "~standard": { version: 1, vendor: "test", validate } };
    const at = release({ schema });
    await assert.rejects(at.sessions.create("ada", { data: { theme: "dark" } }), TypeError);
    const { session } = await at.sessions.create("ada");
    await assert.rejects(at.sessions.update(session.id, { theme: "dark" }), TypeError);
    assert.equal((await recordOf(at)).data, "{}");
  });

  for (const version of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, "2" as unknown as number]) {
    it(`has no version ${version}`, () => {
      assert.throws(() => release({ schema: preferences, version }), /data\.version/);
    });
  }
});

describe("odd data", () => {
  const odd: Readonly<Record<string, Record<string, unknown>>> = {
    "a key __proto__": JSON.parse('{"__proto__":{"admin":true},"constructor":{"prototype":1}}'),
    "empty keys and texts": { "": "", " ": { "": [] } },
    "lone surrogates": { "\ud800": "\udc00", high: "a\ud83e", emoji: "🧥" },
    "control characters": { "\u0000": "\u0000\u001f\u007f\u2028\u2029", quote: '"\\' },
    "keys that look like indexes": { "0": "a", "10": "b", "-1": "c", "01": "d" },
    "64 KiB of text": { text: "ж".repeat(64 * 1024) },
    "deep values": { deep: JSON.parse(`${"[".repeat(200)}${"]".repeat(200)}`) },
    numbers: { tiny: 5e-324, huge: 1.7976931348623157e308, integer: Number.MAX_SAFE_INTEGER, minus: -1.5 },
    "null and false": { nothing: null, no: false, zero: 0 },
  };

  for (const [what, data] of Object.entries(odd)) {
    it(`with ${what} is kept as it is`, async () => {
      const at = release(undefined);
      const { session } = await at.sessions.create("ada", { data });
      assert.deepEqual((await read(at)).data, data);
      await at.sessions.update(session.id, { other: 1 });
      assert.deepEqual((await read(at)).data, { ...data, other: 1 });
    });

    it(`with ${what} can be written later, and removed`, async () => {
      const at = release(undefined);
      const { session } = await at.sessions.create("ada", { data: { other: 1 } });
      await at.sessions.update(session.id, data);
      assert.deepEqual((await read(at)).data, { ...data, other: 1 });
      const removal = Object.fromEntries(Object.keys(data).map((key) => [key, undefined]));
      await at.sessions.update(session.id, removal);
      assert.deepEqual((await read(at)).data, { other: 1 });
    });
  }

  // Proves ASVS 15.3.6.
  it("changes nobody's prototype", async () => {
    const at = release(undefined);
    const { session } = await at.sessions.create("ada", { data: odd["a key __proto__"]! });
    await at.sessions.update(session.id, JSON.parse('{"__proto__":{"polluted":true}}'));
    const { data } = await read(at);
    assert.equal(Object.getPrototypeOf(data), Object.prototype);
    assert.equal((data as { polluted?: unknown }).polluted, undefined);
    assert.equal(({} as { polluted?: unknown }).polluted, undefined);
  });

  const circular: Record<string, unknown> = {};
  circular.self = circular;
  const unkeepable: Readonly<Record<string, unknown>> = {
    "a function": () => 1,
    "a symbol": Symbol("x"),
    "a BigInt": 1n,
    "a circular structure": circular,
    "what fails to turn into JSON": {
      toJSON() {
        throw new Error("no");
      },
    },
    "what turns into nothing": { toJSON: () => undefined },
  };

  for (const [what, value] of Object.entries(unkeepable)) {
    it(`with ${what} is refused, and nothing is written`, async () => {
      const at = release(undefined);
      await assert.rejects(at.sessions.create("ada", { data: { value } }), isInvalid(/^.*value is no JSON/));
      const { session } = await at.sessions.create("ada", { data: { value: 1 } });
      await assert.rejects(at.sessions.update(session.id, { value, other: 2 }), InvalidDataError);
      assert.deepEqual((await read(at)).data, { value: 1 });
    });
  }

  it("of more than a mebibyte is refused, also when it grows bit by bit", async () => {
    const at = release(undefined);
    const half = "x".repeat(600_000);
    await assert.rejects(at.sessions.create("ada", { data: { a: half, b: half } }), isInvalid(/longer than/));
    const { session } = await at.sessions.create("ada", { data: { a: half } });
    await assert.rejects(at.sessions.update(session.id, { b: half }), isInvalid(/longer than/));
    assert.deepEqual(Object.keys((await read(at)).data), ["a"]);
    assert.equal(await at.sessions.update(session.id, { a: undefined, b: half }), true);
  });
});

describe("an update", () => {
  it("keeps what others write meanwhile, key by key (P5)", async () => {
    const at = release(undefined);
    const { session } = await at.sessions.create("ada", { data: { kept: true } });
    const writers = Array.from({ length: 50 }, (_, key) =>
      at.sessions.update(session.id, { [`key ${key}`]: key }),
    );
    assert.ok((await Promise.all(writers)).every(Boolean));
    assert.equal(Object.keys((await read(at)).data).length, 51);
  });

  it("by function is computed again when another writer was faster, until it wins", async () => {
    const at = release({ schema: preferences });
    const { session } = await at.sessions.create("ada");
    let calls = 0;
    const increment = ({ visits }: { visits: number }) => {
      calls++;
      return { visits: visits + 1 };
    };
    const writers = Array.from({ length: 50 }, () => at.sessions.update(session.id, increment));
    assert.ok((await Promise.all(writers)).every(Boolean));
    assert.equal((await read(at)).data.visits, 50);
    assert.ok(calls > 50);
  });

  it("by function never breaks a rule across keys together with another", async () => {
    const range = z
      .object({ low: z.number().default(0), high: z.number().default(10) })
      .refine(({ low, high }) => low <= high, "low is above high");
    const at = release({ schema: range });
    const { session } = await at.sessions.create("ada");
    const results = await Promise.allSettled([
      at.sessions.update(session.id, () => ({ low: 8 })),
      at.sessions.update(session.id, () => ({ high: 3 })),
    ]);
    assert.deepEqual(results.map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
    const { low, high } = (await read(at)).data;
    assert.ok(low <= high);
    assert.deepEqual(
      at.events.map(({ type }) => type),
      ["created"],
    );
  });

  it("by function gives up when it loses a hundred times, and nothing of it is written", async () => {
    const at = release(undefined);
    const { session } = await at.sessions.create("ada");
    const update = at.store.update.bind(at.store);
    let rival = 0;
    at.store.update = async (id, change, now, condition) => {
      await update(id, { data: new Map([["rival", String(++rival)]]) }, now);
      return update(id, change, now, condition);
    };
    const losing = at.sessions.update(session.id, () => ({ mine: true }));
    await assert.rejects(
      losing,
      (error) => error instanceof DataConflictError && error.code === "data-conflict",
    );
    assert.deepEqual((await read(at)).data, { rival: 100 });
  });

  it("by an async function is refused: it would look like no change", async () => {
    const at = house();
    const { session } = await at.sessions.create("ada", { data: { kept: 1 } });
    const change = (async () => ({ kept: 2 })) as unknown as () => object;
    await assert.rejects(at.sessions.update(session.id, change), {
      name: "TypeError",
      message: /must not be async/,
    });
    const failing = (async () => assert.fail("unhandled")) as unknown as () => object;
    await assert.rejects(at.sessions.update(session.id, failing), TypeError);
    assert.deepEqual((await at.sessions.find(session.id))?.data, { kept: 1 });
  });

  it("that is no object is refused, at sign-in and later: a text would be stored letter by letter", async () => {
    const at = house();
    const { session } = await at.sessions.create("ada");
    for (const data of ["abc", 1, true, null, ["a"]] as never[]) {
      await assert.rejects(at.sessions.create("grace", { data }), /must be an object/);
      await assert.rejects(at.sessions.update(session.id, data), TypeError);
      await assert.rejects(
        at.sessions.update(session.id, () => data),
        TypeError,
      );
    }
    assert.deepEqual(await at.sessions.list("grace"), []);
    assert.deepEqual((await at.sessions.find(session.id))?.data, {});
  });

  it("whose function throws writes nothing and throws the same", async () => {
    const at = release(undefined);
    const { session } = await at.sessions.create("ada", { data: { kept: true } });
    const mine = new Error("mine");
    const update = at.sessions.update(session.id, () => {
      throw mine;
    });
    await assert.rejects(update, (error) => error === mine);
    assert.deepEqual((await read(at)).data, { kept: true });
  });

  it("of a session that ends meanwhile is false and leaves nothing (P1)", async () => {
    const at = release(undefined);
    const { session } = await at.sessions.create("ada");
    const write = at.store.update.bind(at.store);
    at.store.update = async (...args) => {
      assert.equal(await at.sessions.revoke(session.id), true);
      return write(...args);
    };
    assert.equal(await at.sessions.update(session.id, { late: true }), false);
    assert.equal(await at.sessions.update(session.id, () => ({ late: true })), false);
    assert.deepEqual(await at.sessions.list("ada"), []);
  });
});
