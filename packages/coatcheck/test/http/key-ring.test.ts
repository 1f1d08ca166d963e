import assert from "node:assert/strict";
import { createDecipheriv, hkdfSync } from "node:crypto";
import { describe, test } from "node:test";
import { inspect } from "node:util";
import fc from "fast-check";
import { generateKey, KeyRing, type SealPurpose } from "../../src/http/key-ring.ts";

const now = Date.UTC(2030, 0, 1);
const later = now + 60_000;
const name = "__Host-session";
const value = "a value that is sealed";

const older = generateKey();
const newer = generateKey();
const ring = new KeyRing([newer, older]);
const envelope = ring.seal("session", name, value, later);
const purposes: readonly SealPurpose[] = ["session", "remember", "device", "carry-over"];

const open = (text: string, of = ring) => of.open("session", name, text, now);
const idOf = (key: string) => key.split(":")[0]!;
const secretOf = (key: string) => key.split(":")[1]!;

describe("generateKey", () => {
  test("makes another key each time, with the day and 32 random bytes", () => {
    const keys = Array.from({ length: 200 }, () => generateKey(now));
    for (const key of keys) assert.match(key, /^20300101-[\w-]{4}:[\w-]{43}$/);
    assert.equal(new Set(keys.map(secretOf)).size, keys.length);
    new KeyRing([keys[0]!]);
  });
});

describe("a key ring", () => {
  // Proves ASVS 11.3.2.
  test("opens what it sealed, of any text", () => {
    fc.assert(
      fc.property(fc.constantFrom(...purposes), fc.string({ unit: "grapheme" }), (purpose, text) => {
        assert.equal(ring.open(purpose, name, ring.seal(purpose, name, text, later), now), text);
      }),
    );
  });

  // Proves ASVS 11.3.4.
  test("seals the same text to another envelope each time, as a cookie value, and shows nothing of it", () => {
    const envelopes = Array.from({ length: 200 }, () => ring.seal("session", name, value, later));
    assert.equal(new Set(envelopes).size, envelopes.length);
    for (const text of envelopes) {
      assert.match(text, /^[\w-]+\.[\w-]+$/);
      assert.ok(!Buffer.from(text.split(".")[1]!, "base64url").includes("sealed"));
    }
  });

  // Proves ASVS 11.2.2.
  test("seals with its first key and opens with all: a new key in front signs nobody out", () => {
    const before = new KeyRing([older]).seal("session", name, value, later);
    assert.equal(open(before), value);
    assert.ok(envelope.startsWith(`${idOf(newer)}.`));
    assert.deepEqual(ring.ids, [idOf(newer), idOf(older)]);
  });

  // Proves ASVS 13.3.4.
  test("opens nothing that was sealed under a key it does not have any more", () => {
    assert.equal(open(envelope, new KeyRing([older])), undefined);
  });

  test("takes other keys while it is used; what it refuses to take changes nothing", () => {
    const changing = new KeyRing([older]);
    const before = changing.seal("session", name, value, later);
    changing.replace([newer, older]);
    assert.equal(open(before, changing), value);
    assert.ok(changing.seal("session", name, value, later).startsWith(`${idOf(newer)}.`));
    for (const wrong of [[], ["no key"], [newer, newer]])
      assert.throws(() => changing.replace(wrong), TypeError);
    assert.deepEqual(changing.ids, [idOf(newer), idOf(older)]);
    changing.replace([newer]);
    assert.equal(open(before, changing), undefined);
  });

  // Proves ASVS 9.2.2.
  test("does not open an envelope of another purpose (CVE-2023-48309)", () => {
    for (const sealed of purposes) {
      const text = ring.seal(sealed, name, value, later);
      for (const asked of purposes) {
        assert.equal(ring.open(asked, name, text, now), asked === sealed ? value : undefined);
      }
    }
  });

  test("does not open the envelope of another cookie (better-auth PR #9991)", () => {
    for (const other of [
      "__Host-session2",
      "__host-session",
      "session",
      "",
      `${name}\n`,
      `session\n${name}`,
    ]) {
      assert.equal(ring.open("session", other, envelope, now), undefined);
    }
  });

  test("opens until the millisecond before it expires, whatever the browser keeps (CVE-2024-31999)", () => {
    assert.equal(ring.open("session", name, envelope, later - 1), value);
    assert.equal(ring.open("session", name, envelope, later), undefined);
    assert.deepEqual(ring.examine("session", name, envelope, later), { kind: "expired" });
    assert.equal(ring.open("session", name, envelope, Number.NaN), undefined);
  });

  test("seals nothing for ever", () => {
    for (const never of [Number.POSITIVE_INFINITY, Number.NaN, undefined as unknown as number]) {
      assert.throws(() => ring.seal("session", name, value, never), TypeError);
    }
  });

  // Proves ASVS 9.1.3.
  test("does not open another key's envelope under its own id, nor its own under another id", () => {
    const impostor = new KeyRing([`${idOf(newer)}:${secretOf(generateKey())}`]);
    assert.equal(open(impostor.seal("session", name, value, later)), undefined);
    assert.equal(open(envelope.replace(idOf(newer), idOf(older))), undefined);
    const renamed = new KeyRing([`other:${secretOf(newer)}`]);
    assert.equal(open(envelope.replace(idOf(newer), "other"), renamed), undefined);
  });

  // Proves ASVS 11.3.3, ASVS 9.1.1.
  test("refuses an envelope with any one bit changed", () => {
    const [id = "", body = ""] = envelope.split(".");
    const bytes = Buffer.from(body, "base64url");
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const changed = Buffer.from(bytes);
      changed[bit >> 3]! ^= 1 << (bit & 7);
      assert.equal(open(`${id}.${changed.toString("base64url")}`), undefined, `bit ${bit}`);
    }
  });

  test("refuses an envelope with any one character changed, removed or added, and every part of one", () => {
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";
    for (let at = 0; at < envelope.length; at++) {
      const [before, after] = [envelope.slice(0, at), envelope.slice(at + 1)];
      for (const character of alphabet) {
        // Also the last one, whose unused bits a lenient decoder ignores: one envelope has one spelling.
        if (character !== envelope[at]) assert.equal(open(before + character + after), undefined);
        assert.equal(open(before + character + envelope.slice(at)), undefined);
      }
      assert.equal(open(before + after), undefined);
      assert.equal(open(before), undefined);
      assert.equal(open(envelope.slice(at + 1)), undefined);
    }
    for (const text of [`${envelope}=`, `${envelope}A`, ` ${envelope}`, `${envelope}\n`, `"${envelope}"`]) {
      assert.equal(open(text), undefined);
    }
  });

  test("refuses a tag that is shorter, as decoders that take any length would not", () => {
    const body = envelope.split(".")[1]!;
    for (let cut = 1; cut <= 15; cut++) {
      const short = Buffer.from(body, "base64url").subarray(0, -cut).toString("base64url");
      assert.equal(open(`${idOf(newer)}.${short}`), undefined);
    }
  });

  test("throws at nothing that comes in, also at no text", () => {
    const strange = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.string({ unit: fc.constantFrom(...`${idOf(newer)}.-_=+/ABC`) }),
      fc
        .uint8Array({ maxLength: 200 })
        .map((bytes) => `${idOf(newer)}.${Buffer.from(bytes).toString("base64url")}`),
      fc.anything().map((anything) => anything as string),
    );
    fc.assert(
      fc.property(strange, fc.string({ unit: "binary" }), (text, cookieName) => {
        assert.equal(ring.open("session", cookieName, text, now), undefined);
      }),
      { numRuns: 2_000 },
    );
  });

  test("looks no further at what is longer than any cookie: this would last for ever if its work grew faster", () => {
    for (const part of [".", "A", "A.", `${idOf(newer)}.`, `${idOf(newer)}.A`]) {
      assert.equal(open(part.repeat(4_000_000 / part.length)), undefined);
    }
    assert.equal(open(ring.seal("session", name, "x".repeat(4_000), later)), undefined);
  });

  // Proves ASVS 11.3.1, ASVS 11.3.2, ASVS 9.1.2.
  test("has the format that it says: HKDF-SHA256 for each purpose, AES-256-GCM, the context authenticated", () => {
    const [id = "", body = ""] = envelope.split(".");
    const bytes = Buffer.from(body, "base64url");
    const secret = Buffer.from(secretOf(newer), "base64url");
    const key = Buffer.from(hkdfSync("sha256", secret, "", "coatcheck seal 1 session", 32));
    const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, 12));
    decipher.setAAD(Buffer.from(`session\n${name}\n${id}`)).setAuthTag(bytes.subarray(-16));
    const plain = Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]);
    assert.equal(plain.readDoubleBE(0), later);
    assert.equal(plain.toString("utf8", 8), value);
  });
});

describe("keys that are none", () => {
  const secret = secretOf(newer);
  const wrong: Readonly<Record<string, unknown>> = {
    "no list": newer,
    nothing: undefined,
    "an empty list": [],
    "an empty text": [""],
    "no text": [7],
    "no id": [`:${secret}`],
    "no secret": [`${idOf(newer)}:`],
    "a secret alone": [secret],
    "a short secret": [newer.slice(0, -1)],
    "a long secret": [`${newer}A`],
    "a mistyped last character": [`${newer.slice(0, -1)}B`],
    "another alphabet": [`id:${secret.slice(0, -2)}+/`],
    "a long id": [`${"i".repeat(17)}:${secret}`],
    "an id with a dot": [`a.b:${secret}`],
    "space around": [` ${newer}`],
    "several in one": [`${newer},${older}`],
    "the same id twice": [newer, `${idOf(newer)}:${secretOf(older)}`],
    "the same key twice": [newer, `other:${secret}`],
  };

  for (const [what, keys] of Object.entries(wrong)) {
    test(`are refused at start, and not shown: ${what}`, () => {
      assert.throws(
        () => new KeyRing(keys as string[]),
        (error: unknown) => {
          assert.ok(error instanceof TypeError);
          assertHidden(inspect(error, { depth: null, showHidden: true }).replace(/^ {4}at .*$/gm, ""));
          return true;
        },
      );
    });
  }

  test("do not come out of a ring", () => {
    assertHidden(inspect(ring, { depth: null, showHidden: true }) + JSON.stringify(ring) + String(ring));
  });

  function assertHidden(text: string): void {
    for (const key of [newer, older]) assert.ok(!text.includes(secretOf(key).slice(0, -2)), "A key came out");
  }
});
