import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import { assertLinear, pumpsOf } from "../../../../test/fuzz/growth.ts";
import { holds } from "../../../../test/fuzz/property.ts";
import { nearly, wildText } from "../../../../test/fuzz/texts.ts";
import { SessionManager } from "../../src/core/manager.ts";
import { parseSessionId, SessionToken } from "../../src/core/token.ts";
import { resolveCookie } from "../../src/http/cookie.ts";
import { csrfToken, verifyCsrfToken } from "../../src/http/csrf.ts";
import { DeviceCookie } from "../../src/http/device-cookie.ts";
import { generateKey, KeyRing, type SealPurpose } from "../../src/http/key-ring.ts";
import { TicketCookie } from "../../src/http/ticket-cookie.ts";
import { MemorySessionStore } from "../../src/stores/memory.ts";

const base64url = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const base64urlText = (length: number) =>
  fc.string({ unit: fc.constantFrom(...base64url), minLength: length, maxLength: length });

const tokens = fc
  .tuple(base64urlText(25), base64urlText(22), base64urlText(43))
  .map((parts) => parts.join("."));
const purposes: readonly SealPurpose[] = ["session", "remember", "device", "carry-over", "operator"];
const now = 1_900_000_000_000;

describe("a token", () => {
  // Proves ASVS 7.2.1, WSTG-SESS-01.
  test(
    "is read as it is written, and nothing else is a token (CVE-2015-3982)",
    holds(
      fc.property(fc.oneof(tokens, nearly(tokens), wildText), (text) => {
        const token = SessionToken.parse(text);
        assert.equal(token?.reveal(), /^[\w-]{25}\.[\w-]{22}\.[\w-]{43}$/.test(text) ? text : undefined);
        if (token) assert.equal(parseSessionId(token.id), token.id);
      }),
      { runs: 2_000 },
    ),
  );

  test(
    "that is no text, as programs without types pass it, is none",
    holds(
      fc.property(fc.anything(), (value) => {
        fc.pre(typeof value !== "string");
        assert.equal(SessionToken.parse(value as string), undefined);
        assert.equal(parseSessionId(value as string), undefined);
      }),
    ),
  );

  test("in which any one bit differs opens nothing", async () => {
    const sessions = new SessionManager({ store: new MemorySessionStore(), now: () => now });
    const { token } = await sessions.create("ada");
    const text = token.reveal();
    for (let bit = 0; bit < text.length * 8; bit++) {
      // The right family with another secret ends the session: not what is tried here.
      const other = SessionToken.parse(withOneBitChanged(text, bit));
      if (other?.familyHash === token.familyHash && other.id === token.id) continue;
      assert.equal((await sessions.validate(withOneBitChanged(text, bit))).ok, false, `bit ${bit}`);
    }
    assert.equal((await sessions.validate(text)).ok, true);
  });

  test("in whose secret any one bit differs opens nothing, and ends the session: only a thief could have it", async () => {
    const sessions = new SessionManager({ store: new MemorySessionStore(), now: () => now });
    for (const bit of bitsOf(43)) {
      const { token } = await sessions.create("ada");
      const changed = withOneBitChanged(token.reveal(), (25 + 1 + 22 + 1) * 8 + bit);
      const validation = await sessions.validate(changed);
      assert.ok(!validation.ok && ["malformed", "theft"].includes(validation.rejection.reason), `bit ${bit}`);
    }
  });
});

describe("a sealed value", () => {
  const ring = new KeyRing([generateKey(now), generateKey(now)]);
  const sealed: fc.Arbitrary<Sealed> = fc.record({
    purpose: fc.constantFrom(...purposes),
    name: fc.constantFrom("__Host-session", "__Host-remember", "a"),
    value: fc.string({ unit: "grapheme", maxLength: 80 }),
    expiresAt: fc.integer({ min: now + 1, max: now + 1_000_000 }),
  });
  const seal = ({ purpose, name, value, expiresAt }: Sealed) => ring.seal(purpose, name, value, expiresAt);

  test(
    "opens to what was sealed, for its purpose and its cookie alone, until it expires",
    holds(
      fc.property(sealed, fc.constantFrom(...purposes), (given, purpose) => {
        const envelope = seal(given);
        const { name, value, expiresAt } = given;
        assert.equal(ring.open(given.purpose, name, envelope, expiresAt - 1), value);
        assert.equal(ring.examine(given.purpose, name, envelope, expiresAt).kind, "expired");
        assert.equal(ring.open(given.purpose, `${name}2`, envelope, now), undefined);
        if (purpose !== given.purpose)
          assert.equal(ring.examine(purpose, name, envelope, now).kind, "refused");
        assert.match(envelope, /^[\w-]{1,16}\.[\w-]+$/);
      }),
    ),
  );

  // Proves ASVS 11.3.3.
  test("in which any one bit differs does not open", () => {
    const envelope = ring.seal("session", "__Host-session", "ada", now + 1);
    for (const bit of bitsOf(envelope.length)) {
      const changed = withOneBitChanged(envelope, bit);
      assert.equal(ring.examine("session", "__Host-session", changed, now).kind, "refused", `bit ${bit}`);
    }
  });

  // Proves CVE-2026-39324.
  test(
    "that anybody made up does not open, and is no error",
    holds(
      fc.property(
        fc.oneof(
          nearly(sealed.map(seal)),
          wildText,
          wildText.map((text) => `${ring.ids[0]}.${text}`),
        ),
        fc.constantFrom(...purposes),
        (text, purpose) => assert.equal(ring.examine(purpose, "elsewhere", text, now).kind, "refused"),
      ),
    ),
  );

  test("is not looked into where it is longer than any cookie", () => {
    const long = ring.seal("session", "a", "x".repeat(4_000), now + 1);
    assert.ok(long.length > 4_096);
    assert.equal(ring.open("session", "a", long, now), undefined);
  });

  test("costs work that grows with its length and no faster", () => {
    for (const before of ["", `${ring.ids[0]}.`]) {
      const pumps = pumpsOf("A", "-", ".", "A.", "\u00a0").map((pump) => ({ ...pump, before }));
      assertLinear((text) => ring.examine("session", "a", text, now), pumps);
    }
  });
});

describe("keys", () => {
  const keys = fc.oneof(fc.constantFrom(generateKey(now), generateKey(now)), wildText);

  test(
    "are taken, or refused by a TypeError that shows none of them",
    holds(
      fc.property(fc.array(fc.oneof(keys, nearly(keys)), { maxLength: 4 }), (list) => {
        try {
          assert.equal(new KeyRing(list).ids.length, list.length);
        } catch (error) {
          assert.ok(error instanceof TypeError, String(error));
          for (const key of list.filter((each) => each.length > 16)) assert.ok(!error.message.includes(key));
        }
      }),
    ),
  );

  test("that are no list of texts are refused by a TypeError", () => {
    for (const keys of [undefined, null, {}, "key", [7], [null], [[generateKey(now)]]]) {
      assert.throws(() => new KeyRing(keys as string[]), TypeError);
    }
  });
});

describe("a cookie that carries a ticket", () => {
  const ring = new KeyRing([generateKey(now)]);
  const settings = resolveCookie();
  const cookies = (["session", "remember"] as const).flatMap((purpose) => [
    new TicketCookie(settings, purpose, ring),
    new TicketCookie(settings, purpose, undefined),
  ]);
  const sealedElsewhere = new KeyRing([generateKey(now)]).seal("session", settings.name, "x", now + 1);

  test(
    "is a ticket or has a reason why not, whatever stands in it",
    holds(
      fc.property(
        fc.oneof(wildText, nearly(fc.constant(sealedElsewhere)), nearly(tokens)),
        fc.constantFrom(...cookies),
        (value, cookie) => {
          const { token, rejection } = cookie.read(`${settings.name}=${value}`, now);
          if (!token) assert.ok(["absent", "duplicate", "malformed", "unopened"].includes(rejection.reason));
          else assert.ok(value.includes(token.reveal()));
        },
      ),
    ),
  );

  test(
    "is read as it was written, sealed or not",
    holds(
      fc.property(tokens, fc.constantFrom(...cookies), (text, cookie) => {
        const value = cookie.valueOf(SessionToken.parse(text)!, now + 1);
        assert.equal(cookie.read(`${settings.name}=${value}`, now).token?.reveal(), text);
      }),
    ),
  );

  test(
    "of a known device says of no account that it is known, unless it was sealed here",
    holds(
      fc.property(fc.oneof(wildText, nearly(fc.constant(sealedElsewhere))), wildText, (value, account) => {
        const device = new DeviceCookie(settings, ring);
        assert.equal(device.deviceOf(account, `${settings.name}=${value}`, now), undefined);
      }),
    ),
  );
});

describe("a CSRF token", () => {
  const session = SessionToken.generate("ada");

  test("in which any one bit differs is another session's", () => {
    const presented = csrfToken(session);
    const bytes = Buffer.from(presented, "base64url");
    assert.equal(verifyCsrfToken(session, presented), true);
    for (const bit of bitsOf(presented.length)) {
      const changed = withOneBitChanged(presented, bit);
      // The last character has bits that no byte needs.
      const isSameBytes = Buffer.from(changed, "base64url").equals(bytes);
      assert.equal(verifyCsrfToken(session, changed), isSameBytes, `bit ${bit}`);
    }
  });

  test(
    "that anybody made up is refused, and no error, also if it is no text",
    holds(
      fc.property(fc.oneof(fc.anything(), wildText, nearly(base64urlText(86))), (presented) => {
        assert.equal(verifyCsrfToken(session, presented as string), false);
      }),
    ),
  );
});

/** What is sealed, and how. */
interface Sealed {
  readonly purpose: SealPurpose;
  readonly name: string;
  readonly value: string;
  readonly expiresAt: number;
}

function bitsOf(length: number): number[] {
  return Array.from({ length: length * 8 }, (_, bit) => bit);
}

/** One bit of one character: what a scratch on a wire would do. */
function withOneBitChanged(text: string, bit: number): string {
  const bytes = Buffer.from(text, "latin1");
  bytes[Math.floor(bit / 8)]! ^= 1 << (bit % 8);
  return bytes.toString("latin1");
}
