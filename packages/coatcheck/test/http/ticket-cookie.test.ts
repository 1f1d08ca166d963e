import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { SessionToken } from "../../src/core/token.ts";
import { companionCookie, resolveCookie } from "../../src/http/cookie.ts";
import { generateKey, KeyRing } from "../../src/http/key-ring.ts";
import { TicketCookie } from "../../src/http/ticket-cookie.ts";

const now = Date.UTC(2030, 0, 1);
const later = now + 60_000;
const settings = resolveCookie();
const keys = new KeyRing([generateKey()]);
const plain = new TicketCookie(settings, "session", undefined);
const sealed = new TicketCookie(settings, "session", keys);
const token = SessionToken.generate("ada");

const header = (value: string) => `__Host-session=${value}`;
const reasonOf = (cookie: TicketCookie, value: string, at = now) =>
  cookie.read(header(value), at).rejection?.reason;

describe("a ticket's cookie", () => {
  for (const [kind, cookie] of Object.entries({ plain, sealed })) {
    test(`brings the ticket back, ${kind}`, () => {
      const read = cookie.read(header(cookie.valueOf(token, later)), now);
      assert.equal(read.token?.reveal(), token.reveal());
    });

    test(`says why there is none, ${kind}`, () => {
      assert.equal(cookie.read(undefined, now).rejection?.reason, "absent");
      assert.equal(cookie.read("other=1", now).rejection?.reason, "absent");
      const value = cookie.valueOf(token, later);
      assert.equal(cookie.read(`${header(value)}; ${header(value)}`, now).rejection?.reason, "duplicate");
    });
  }

  test("shows nothing of the ticket when it is sealed", () => {
    const value = sealed.valueOf(token, later);
    for (const part of token.reveal().split(".")) assert.ok(!value.includes(part));
  });

  test("takes no plain ticket where tickets are sealed, and no sealed one where they are not (CVE-2026-39324)", () => {
    assert.equal(reasonOf(sealed, plain.valueOf(token, later)), "unopened");
    assert.equal(reasonOf(plain, sealed.valueOf(token, later)), "malformed");
    assert.equal(reasonOf(sealed, ""), "unopened");
  });

  test("takes nothing sealed for another purpose or another cookie", () => {
    const remember = new TicketCookie(settings, "remember", keys);
    assert.equal(reasonOf(sealed, remember.valueOf(token, later)), "unopened");
    const companion = new TicketCookie(companionCookie(settings, "remember"), "session", keys);
    assert.equal(reasonOf(sealed, companion.valueOf(token, later)), "unopened");
  });

  test("takes nothing that was sealed but is no ticket", () => {
    assert.equal(reasonOf(sealed, keys.seal("session", settings.name, "a.b.c", later)), "malformed");
  });

  test("has expired when the session it belongs to must have (CVE-2024-31999)", () => {
    const value = sealed.valueOf(token, later);
    assert.equal(reasonOf(sealed, value, later - 1), undefined);
    assert.equal(reasonOf(sealed, value, later), "absolute-timeout");
  });
});
