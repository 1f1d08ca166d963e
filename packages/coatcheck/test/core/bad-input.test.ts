/** Whatever comes in, nothing is thrown, written or ended by it. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as fc from "fast-check";
import { SessionManager } from "../../src/core/manager.ts";
import { parseSessionId, type SessionId, SessionToken } from "../../src/core/token.ts";
import { MemorySessionStore } from "../../src/stores/memory.ts";
import { askedMemory } from "./house.ts";

/** A failure prints its seed; `COATCHECK_SEED=…` tries the same again. */
const seed = process.env.COATCHECK_SEED;
const manyTimes = { numRuns: 10_000, ...(seed !== undefined && { seed: Number(seed) }) };

interface Guarded {
  readonly sessions: SessionManager;
  /** A living session's token. */
  readonly token: SessionToken;
  /** What the store was asked for since the session began. */
  readonly operations: Set<string>;
  /** The session is as it was. */
  assertUntouched(): Promise<void>;
}

/** A session that must survive everything. */
async function guarded(): Promise<Guarded> {
  const operations = new Set<string>();
  const store = new Proxy(askedMemory(), {
    get(target, name) {
      const value = Reflect.get(target, name);
      if (typeof value !== "function") return value;
      operations.add(String(name));
      return value.bind(target);
    },
  });
  const sessions = new SessionManager({ store, now: () => 0 });
  const { token } = await sessions.create("ada");
  const before = await store.find(token.id);
  operations.clear();
  return {
    sessions,
    token,
    operations,
    async assertUntouched() {
      assert.deepEqual(await store.find(token.id), before);
      assert.equal((await store.findByUser("ada")).length, 1);
    },
  };
}

const base64url = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const anyText = fc.oneof(
  fc.string({ unit: "binary", maxLength: 120 }),
  fc.string({ unit: "grapheme", maxLength: 120 }),
  fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes).toString("latin1")),
  fc.string({ unit: fc.constantFrom(...base64url, "."), minLength: 80, maxLength: 100 }),
  fc.constantFrom("\ud800", "\u0000", "__proto__", "..", "".padEnd(1_000_000, "A")),
);

/** Ways to miss a token by a hair. */
const misses: Readonly<Record<string, (text: string, at: number, character: string) => string>> = {
  truncated: (text, at) => text.slice(0, at),
  beheaded: (text, at) => text.slice(at + 1),
  "with something before": (text, _, character) => character + text,
  "with something behind": (text, _, character) => text + character,
  "with something inside": (text, at, character) => text.slice(0, at) + character + text.slice(at),
  "with a character changed": (text, at, character) => text.slice(0, at) + character + text.slice(at + 1),
  "with a character missing": (text, at) => text.slice(0, at) + text.slice(at + 1),
  "with two characters swapped": (text, at) =>
    text.slice(0, at) + (text[at + 1] ?? "") + text[at] + text.slice(at + 2),
  "in upper case": (text) => text.toUpperCase(),
  padded: (text) => `${text}=`,
  "padded in every part": (text) => text.split(".").join("=="),
  "in plain base64": (text) => text.replaceAll("-", "+").replaceAll("_", "/"),
  quoted: (text) => `"${text}"`,
  twice: (text) => `${text}, ${text}`,
  "in wide characters": (text, at) =>
    text.slice(0, at) + String.fromCodePoint(text.codePointAt(at)! + 0xfee0) + text.slice(at + 1),
  "percent-encoded": (text) => text.replaceAll(".", "%2E"),
  "with four parts": (text) => `${text}.${text.split(".")[2]}`,
  "with parts swapped": (text) => text.split(".").reverse().join("."),
  "without its family": (text) => text.replace(/\..*\./, ".."),
};
const nearMiss = fc.record({
  miss: fc.constantFrom(...Object.values(misses)),
  at: fc.nat(91),
  character: fc.oneof(fc.constantFrom(...base64url, ".", "=", " ", "\n", "\r", "\0", "а"), fc.string()),
});

/** The right family with another secret is what only a thief can have, or a browser with an old cookie. */
function isFormerTicket(text: string, token: SessionToken): boolean {
  const [id, family] = token.reveal().split(".");
  return SessionToken.parse(text) !== undefined && text.startsWith(`${id}.${family}.`);
}

describe("a token from outside", () => {
  // Proves ASVS 7.2.1, WSTG-SESS-01, ASVS 15.3.5.
  it("opens nothing, throws nothing, writes nothing and ends nothing if it is any text", async () => {
    const at = await guarded();
    const property = fc.asyncProperty(anyText, async (text) => {
      const validation = await at.sessions.validate(text, { canRenew: true });
      assert.ok(!validation.ok);
      assert.ok(["malformed", "unknown"].includes(validation.rejection.reason));
    });
    await fc.assert(property, manyTimes);
    assert.ok([...at.operations].every((operation) => operation === "find"));
    await at.assertUntouched();
  });

  // Proves ASVS 7.2.1, WSTG-SESS-01.
  it("opens nothing, throws nothing, writes nothing and ends nothing if it nearly is a token", async () => {
    const at = await guarded();
    const text = at.token.reveal();
    const property = fc.asyncProperty(nearMiss, async ({ miss, at: place, character }) => {
      const missed = miss(text, place, character);
      fc.pre(missed !== text && !isFormerTicket(missed, at.token));
      const validation = await at.sessions.validate(missed, { canRenew: true });
      assert.ok(!validation.ok);
      assert.ok(["malformed", "unknown"].includes(validation.rejection.reason));
    });
    await fc.assert(property, manyTimes);
    assert.ok([...at.operations].every((operation) => operation === "find"));
    await at.assertUntouched();
  });

  it("is not ours if its id or its family only decodes to the same bytes", async () => {
    const at = await guarded();
    const [id, family, secret] = at.token.reveal().split(".") as [string, string, string];
    for (const part of [id, family]) {
      for (const alias of aliasesOf(part)) {
        const text = [id, family, secret].map((each) => (each === part ? alias : each)).join(".");
        const validation = await at.sessions.validate(text);
        assert.deepEqual(validation, { ok: false, rejection: { reason: "unknown" } });
      }
    }
    await at.assertUntouched();
  });

  // Proves ASVS 15.3.5.
  it("is malformed if it is no text at all, as programs without types may pass it", async () => {
    const at = await guarded();
    const { id } = at.token;
    const textless = Object.assign(Object.create(null), at.token);
    const lookalikes: unknown[] = [null, 0, true, [at.token.reveal()], { id }, textless, Symbol("token")];
    const property = fc.asyncProperty(
      fc.oneof(fc.constantFrom(...lookalikes), fc.anything()),
      async (value) => {
        fc.pre(value !== undefined && typeof value !== "string");
        assert.deepEqual(await at.sessions.validate(value as string, { canRenew: true }), {
          ok: false,
          rejection: { reason: "malformed" },
        });
      },
    );
    await fc.assert(property, { ...manyTimes, numRuns: 2_000 });
    assert.deepEqual([...at.operations], []);
    await at.assertUntouched();
  });

  it("is absent if there is none", async () => {
    const { sessions } = await guarded();
    assert.deepEqual(await sessions.validate(undefined), { ok: false, rejection: { reason: "absent" } });
    assert.deepEqual(await sessions.validate(""), { ok: false, rejection: { reason: "malformed" } });
  });

  it("is told to observers without its text", async () => {
    const told: string[] = [];
    const store = new MemorySessionStore();
    const sessions = new SessionManager({ store, onEvent: (event) => void told.push(JSON.stringify(event)) });
    const text = SessionToken.generate("ada").reveal();
    await sessions.validate(text);
    await sessions.validate(`${text} `);
    const [id, family, secret] = text.split(".");
    assert.equal(told.length, 2);
    assert.ok(told[0]!.includes(id!) && !told[1]!.includes(id!));
    assert.ok(told.every((each) => !each.includes(family!) && !each.includes(secret!)));
  });
});

describe("a session id from outside", () => {
  it("is itself or nothing", () => {
    const shaped = fc.string({ unit: fc.constantFrom(...base64url), minLength: 25, maxLength: 25 });
    const property = fc.property(fc.oneof(shaped, anyText), (text) => {
      const id = parseSessionId(text);
      assert.equal(id, /^[\w-]{25}$/.test(text) ? text : undefined);
    });
    fc.assert(property, manyTimes);
  });

  it("is nothing if it only decodes to the same bytes, or has anything around it", () => {
    const id = "A".repeat(25);
    for (const near of [`${id}=`, `${id}\n`, ` ${id}`, `${id} `, `${id}.`, id.slice(1), `${id}A`]) {
      assert.equal(parseSessionId(near), undefined);
    }
  });

  // Proves ASVS 15.3.5, ASVS 15.3.7.
  it("is nothing if it is no text, as query strings may have it", () => {
    const id = "A".repeat(25);
    for (const value of [[id], { toString: () => id }, null, undefined, 7]) {
      assert.equal(parseSessionId(value as string), undefined);
    }
  });

  // Proves ASVS 8.2.2.
  it("ends nothing but the session that it names", async () => {
    const at = await guarded();
    const shaped = fc.string({ unit: fc.constantFrom(...base64url), minLength: 25, maxLength: 25 });
    const near = nearMiss.map(({ miss, at: place, character }) => miss(at.token.id, place % 25, character));
    const property = fc.asyncProperty(fc.oneof(shaped, near, anyText), async (text) => {
      fc.pre(text !== at.token.id);
      assert.equal(await at.sessions.revoke(text as SessionId), false);
      assert.equal(await at.sessions.revoke(text as SessionId, { userId: "ada" }), false);
      assert.equal(await at.sessions.update(text as SessionId, { theme: "dark" }), false);
      assert.equal(await at.sessions.touch({ id: text as SessionId, createdAt: 0 }), false);
    });
    await fc.assert(property, manyTimes);
    await at.assertUntouched();
  });
});

describe("a user id from outside", () => {
  const anyUserId = fc.oneof(
    fc.string({ unit: "binary", maxLength: 300 }),
    fc.string({ unit: "grapheme", maxLength: 100 }),
    fc.constantFrom("", "\ud800", "\udc00a", "a\ud83e", "__proto__", "constructor", "\0", "*", "%", "../"),
    fc.nat(600).map((length) => "x".repeat(length)),
  );
  const isUserId = (text: string) => text !== "" && text.length <= 256 && text.isWellFormed();

  it("has its own sessions, or is a TypeError for every verb", async () => {
    const at = await guarded();
    const property = fc.asyncProperty(anyUserId, async (userId) => {
      fc.pre(userId !== "ada");
      if (!isUserId(userId)) return assertRefused(at.sessions, userId);
      assert.deepEqual(await at.sessions.list(userId), []);
      const { session } = await at.sessions.create(userId);
      const list = await at.sessions.list(userId);
      assert.deepEqual(
        list.map(({ id }) => id),
        [session.id],
      );
      assert.equal(list[0]?.userId, userId);
      assert.equal(await at.sessions.revokeAll(userId), 1);
    });
    await fc.assert(property, manyTimes);
    await at.assertUntouched();
  });

  it("is a TypeError for every verb if it is no text", async () => {
    const at = await guarded();
    for (const userId of [undefined, null, 7, ["ada"], { toString: () => "ada" }]) {
      await assertRefused(at.sessions, userId as string);
    }
    await at.assertUntouched();
  });

  async function assertRefused(sessions: SessionManager, userId: string): Promise<void> {
    await assert.rejects(sessions.create(userId), TypeError);
    await assert.rejects(sessions.list(userId), TypeError);
    await assert.rejects(sessions.revokeAll(userId), TypeError);
  }
});

/** Other texts of the same bytes: the last character of unpadded base64 has bits that no byte needs. */
function aliasesOf(part: string): string[] {
  const bytes = Buffer.from(part, "base64url");
  const candidates = [...base64url].map((last) => part.slice(0, -1) + last);
  return candidates.filter((text) => text !== part && Buffer.from(text, "base64url").equals(bytes));
}
