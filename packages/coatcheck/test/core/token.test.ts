/** The ticket is random, and its secret comes out by one way only (WSTG SESS-01, P7). */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { format, inspect } from "node:util";
import { serialize } from "node:v8";
import { SessionManager } from "../../src/core/manager.ts";
import { parseSessionId, renewalSalt, routingTag, SessionToken, sameHash } from "../../src/core/token.ts";
import { MemorySessionStore } from "../../src/stores/memory.ts";

const samples = 20_000;
const parts = ["id", "family", "secret"] as const;
type Part = (typeof parts)[number];

/** What is random in each part; the tag in front of the id is not. */
const randomBytesOf: Record<Part, number> = { id: 16, family: 16, secret: 32 };

function partsOf(token: SessionToken): Record<Part, string> {
  const [id, family, secret] = token.reveal().split(".") as [string, string, string];
  return { id, family, secret };
}

function bytesOf(token: SessionToken, part: Part): Buffer {
  const text = partsOf(token)[part];
  return Buffer.from(part === "id" ? text.slice(3) : text, "base64url");
}

/** The sum over all cells of (seen - expected)² / expected. */
function chiSquare(seen: readonly number[], expected: number): number {
  return seen.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

/** Ten standard deviations above the mean: a sound generator does not get there. */
function bound(freedom: number): number {
  return freedom + 10 * Math.sqrt(2 * freedom);
}

/** How far the bits are from coming up in half of the samples, all positions together. */
function bitBias(samples: readonly Buffer[]): number {
  const bits = samples[0]!.length * 8;
  const ones = new Array<number>(bits).fill(0);
  for (const bytes of samples) {
    for (let bit = 0; bit < bits; bit++) ones[bit]! += (bytes[bit >> 3]! >> (bit & 7)) & 1;
  }
  return chiSquare(ones, samples.length / 2) * 2;
}

function byteBias(samples: readonly Buffer[]): number {
  const seen = new Array<number>(256).fill(0);
  for (const bytes of samples) for (const byte of bytes) seen[byte]! += 1;
  return chiSquare(seen, (samples.length * samples[0]!.length) / 256);
}

function xor(a: Buffer, b: Buffer): Buffer {
  return Buffer.from(a.map((byte, at) => byte ^ b[at]!));
}

describe("tokens", () => {
  const tokens = Array.from({ length: samples }, () => SessionToken.generate("ada"));

  it("are 25, 22 and 43 characters of base64url, and all of them are read back", () => {
    for (const token of tokens) {
      const text = token.reveal();
      assert.match(text, /^[A-Za-z0-9_-]{25}\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}$/);
      assert.equal(SessionToken.parse(text)?.reveal(), text);
      assert.equal(parseSessionId(token.id), token.id);
    }
  });

  for (const part of parts) {
    // Proves ASVS 7.2.3, WSTG-SESS-01.
    it(`never have the same ${part}`, () => {
      assert.equal(new Set(tokens.map((token) => partsOf(token)[part])).size, samples);
    });

    // Proves ASVS 7.2.3, ASVS 11.5.1, WSTG-SESS-01, NIST 5.1 origin.
    it(`have ${randomBytesOf[part] * 8} bits of ${part}, each of them as often set as not`, () => {
      const bytes = tokens.map((token) => bytesOf(token, part));
      assert.ok(bytes.every(({ length }) => length === randomBytesOf[part]));
      assert.ok(bitBias(bytes) < bound(randomBytesOf[part] * 8));
      assert.ok(byteBias(bytes) < bound(255));
    });

    // Proves WSTG-SESS-01.
    it(`do not tell by the ${part} what the next one's is`, () => {
      const bytes = tokens.map((token) => bytesOf(token, part));
      const differences = bytes.slice(1).map((each, at) => xor(each, bytes[at]!));
      assert.ok(bitBias(differences) < bound(randomBytesOf[part] * 8));
    });
  }

  it("of one family have nothing in common: successors and fresh secrets are as random as first ones", () => {
    const token = tokens[0]!;
    const successors = Array.from({ length: samples }, () => token.successor(renewalSalt()));
    const fresh = Array.from({ length: samples }, () => token.refreshed());
    for (const derived of [successors, fresh]) {
      const bytes = derived.map((each) => bytesOf(each, "secret"));
      assert.ok(bitBias(bytes) < bound(256));
      assert.ok(derived.every((each) => each.id === token.id && each.familyHash === token.familyHash));
    }
  });

  it("have one successor under one salt", () => {
    const token = tokens[0]!;
    const salt = renewalSalt();
    assert.equal(token.successor(salt).reveal(), token.successor(salt).reveal());
    assert.notEqual(token.successor(salt).reveal(), token.successor(renewalSalt()).reveal());
    assert.notEqual(token.successor(salt).reveal(), tokens[1]!.successor(salt).reveal());
  });

  it("have a successor that only their own secret leads to: not the salt, nor another secret of the session", () => {
    const token = tokens[0]!;
    const salt = renewalSalt();
    assert.notEqual(token.successor(salt).reveal(), token.refreshed().successor(salt).reveal());
  });

  it("are measured by tests that bite", () => {
    const biased = Array.from({ length: samples }, (_, at) => Buffer.alloc(32, at % 256));
    const oneBit = tokens.map((token) => {
      const bytes = bytesOf(token, "secret");
      bytes[7]! |= 1;
      return bytes;
    });
    const counted = Array.from({ length: samples }, (_, at) => {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE(at);
      return bytes;
    });
    assert.ok(bitBias(oneBit) > bound(256));
    assert.ok(bitBias(counted) > bound(32));
    assert.ok(byteBias(counted) > bound(255));
    const steps = biased.slice(1).map((each, at) => xor(each, biased[at]!));
    assert.ok(bitBias(steps) > bound(256));
  });
});

describe("the routing tag", () => {
  // Fixed for ever: every key of a user in a Redis Cluster stands behind it.
  const tags = {
    ada: "_e5",
    Ada: "maV",
    "42": "c0d",
    пользователь: "9-l",
    "a@example.com": "CBa",
    "👩‍💻": "QnJ",
  };

  for (const [userId, tag] of Object.entries(tags)) {
    it(`of ${userId} is ${tag}`, () => {
      assert.equal(routingTag(userId), tag);
      assert.equal(SessionToken.generate(userId).id.slice(0, 3), tag);
    });
  }
});

describe("hashes", () => {
  // Proves ASVS 11.2.4.
  it("are equal only to themselves; other lengths and no ASCII are simply unequal (CVE-2019-16782)", () => {
    const { secretHash } = SessionToken.generate("ada");
    assert.ok(sameHash(secretHash, secretHash));
    for (const other of [
      "",
      ...Array.from(secretHash, (character, at) => {
        const another = character === "A" ? "B" : "A";
        return secretHash.slice(0, at) + another + secretHash.slice(at + 1);
      }),
      secretHash.slice(1),
      `${secretHash}A`,
      secretHash.toLowerCase(),
      "а",
      "\ud800",
    ]) {
      assert.ok(!sameHash(secretHash, other));
      assert.ok(!sameHash(other, secretHash));
    }
  });

  it("depend on the family as well as on the secret", () => {
    const [a, b] = [SessionToken.generate("ada"), SessionToken.generate("ada")];
    const mixed = SessionToken.parse(`${a.id}.${partsOf(b).family}.${partsOf(a).secret}`)!;
    assert.notEqual(mixed.secretHash, a.secretHash);
    assert.notEqual(mixed.secretHash, b.secretHash);
  });

  it("of a token are those that every release has stored", () => {
    const token = SessionToken.parse(`_e5${"A".repeat(22)}.${"B".repeat(22)}.${"C".repeat(43)}`)!;
    assert.equal(token.familyHash, "xp-0D-upMHF-cfAXB6n8zZ7GmX5Z-W6o0fegdqX6zsE");
    assert.equal(token.secretHash, "tnTZbTu-hoqOAF6efvLu8MNlKIJDRMuC_4FsiDl6xi4");
    assert.equal(
      token.successor("D".repeat(22)).reveal().split(".")[2],
      "mKcrBU8pIa45ysigD8Zt9W1LOzOcb1VRTBV2ul9QzFA",
    );
    assert.equal(token.key("csrf").toString("base64url"), "-YRVIPX3Mj6cMtakOZvx2vk5qXte69TSzY528fEIyUo");
  });
});

describe("the secret of a token", () => {
  const token = SessionToken.generate("ada");

  /** Everything that programs do to print, log, copy or keep a value. */
  const exits: Readonly<Record<string, (value: unknown) => unknown>> = {
    "JSON.stringify": (value) => JSON.stringify({ value }),
    "util.inspect": (value) => inspect(value, { depth: null, showHidden: true, getters: true }),
    "util.format": (value) => format("%s %o %O %j", value, value, value, value),
    String: (value) => `${value}`,
    "an error": (value) => {
      const error = new Error(`Failed for ${value}`, { cause: value });
      return inspect(error, { depth: null, showHidden: true }) + error.stack;
    },
    "a failed assertion": (value) => {
      try {
        assert.deepEqual(value, null);
      } catch (error) {
        return inspect(error, { depth: null });
      }
      return assert.fail();
    },
    structuredClone: (value) => inspect(structuredClone(value), { depth: null, showHidden: true }),
    "v8.serialize": (value) => serialize(value).toString("latin1") + serialize(value).toString("utf16le"),
    "its own keys": (value) =>
      Reflect.ownKeys(value as object).map((key) => [key, Reflect.get(value as object, key)]),
    "a copy": (value) => ({ ...(value as object) }),
    "all that its class has": (value) => {
      const names = Object.getOwnPropertyNames(SessionToken.prototype).filter((name) => name !== "reveal");
      return names.map((name) => {
        const found: unknown = Reflect.get(value as object, name);
        return typeof found === "function" && found.length === 0 && name !== "constructor"
          ? Reflect.apply(found, value, [])
          : found;
      });
    },
  };

  for (const [exit, leave] of Object.entries(exits)) {
    // Proves ASVS 3.3.4.
    it(`does not come out by ${exit}`, () => assertSecret(leave(token)));
  }

  // Proves ASVS 3.3.4.
  it("comes out of nothing that a manager hands out, but by reveal", async () => {
    const events: unknown[] = [];
    const store = new MemorySessionStore();
    const sessions = new SessionManager({ store, onEvent: (event) => void events.push(event) });
    const created = await sessions.create("ada");
    const validation = await sessions.validate(created.token.reveal(), { canRenew: true });
    const renewed = await sessions.renew(created.token);
    await sessions.validate(renewed);
    const everything = [created, validation, renewed, sessions, store, events, await sessions.list("ada")];
    for (const value of everything) {
      const text = inspect(value, { depth: null, showHidden: true }) + JSON.stringify(value);
      for (const issued of [created.token, renewed!]) assertSecret(text, issued);
    }
    store.find = () => Promise.reject(new Error("down"));
    const failed = await sessions.validate(created.token).catch((error: unknown) => error);
    assertSecret(inspect(failed, { depth: null, showHidden: true }), created.token);
  });

  function assertSecret(value: unknown, of = token): void {
    const text = typeof value === "string" ? value : inspect(value, { depth: null, showHidden: true });
    const { family, secret } = partsOf(of);
    assert.ok(
      !text.includes(family) && !text.includes(secret),
      "A part of the token that opens a session came out",
    );
  }
});
