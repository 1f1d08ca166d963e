import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { isDirectLoopback, resolveAuth } from "../../src/http/auth-settings.ts";
import { generateKey, KeyRing } from "../../src/http/key-ring.ts";

describe("resolveAuth", () => {
  test("needs no options", () => {
    const { cookie, localCookie, csrf } = resolveAuth();
    assert.equal(cookie.name, "__Host-session");
    assert.equal(localCookie, undefined);
    assert.equal(csrf, "origin");
  });

  // Proves ASVS 3.3.1, WSTG-SESS-09.
  test("refuses an origin on which browsers drop the cookie, and says what to do", () => {
    assert.throws(() => resolveAuth({ origin: "http://shop.example" }), /Serve it over https/);
    assert.throws(() => resolveAuth({ origin: "http://192.168.0.7:3000" }), /Serve it over https/);
  });

  test("takes an origin on this machine", () => {
    for (const origin of [
      "http://localhost:3000",
      "http://127.0.0.1",
      "http://[::1]:3000",
      "http://a.localhost",
    ]) {
      assert.equal(resolveAuth({ origin }).origins.publicOrigin, origin);
    }
  });

  test("refuses what is no origin", () => {
    for (const origin of ["shop.example", "https://shop.example/", "https://SHOP.example", "http:", ""]) {
      assert.throws(() => resolveAuth({ origin }), TypeError, origin);
    }
  });

  test("refuses an unknown kind of CSRF check", () => {
    assert.throws(() => resolveAuth({ csrf: "off" as "token" }), TypeError);
  });

  test("gives this machine a cookie that it can keep: no prefix, no domain of others", () => {
    const options = { name: "__Secure-sid", domain: "shop.example", path: "/app" };
    const { cookie, localCookie } = resolveAuth({ cookie: options, insecureCookieForLocalhost: true });
    assert.equal(cookie.domain, "shop.example");
    assert.deepEqual([localCookie?.name, localCookie?.domain, localCookie?.path], ["sid", undefined, "/app"]);
  });

  // Proves ASVS 3.3.2.
  test("refuses SameSite=None without Secure at start, not at the first sign-in", () => {
    const options = { cookie: { sameSite: "none" }, insecureCookieForLocalhost: true } as const;
    assert.throws(() => resolveAuth(options), /exclude each other/);
  });
});

describe("isDirectLoopback", () => {
  const local = { host: "localhost:3000" };
  const isDirect = (remoteAddress: string | undefined, headers: Readonly<Record<string, string>>) =>
    isDirectLoopback({ remoteAddress, encrypted: false, header: (name) => headers[name] });

  test("is a request from this machine to a loopback host", () => {
    assert.equal(isDirect("127.0.0.1", local), true);
    assert.equal(isDirect("::1", { host: "[::1]:3000" }), true);
    assert.equal(isDirect("::ffff:127.0.0.1", { host: "127.0.0.1" }), true);
  });

  test("is none from elsewhere or from nobody knows where", () => {
    assert.equal(isDirect("203.0.113.7", local), false);
    assert.equal(isDirect(undefined, local), false);
    assert.equal(isDirect("127.0.0.1", { host: "shop.example" }), false);
    assert.equal(isDirect("127.0.0.1", {}), false);
    assert.equal(isDirect("127.0.0.1", { ...local, "x-forwarded-for": "" }), false);
  });
});

describe("keys", () => {
  test("are demanded at start by what needs them, with what to do", () => {
    assert.throws(() => resolveAuth({ seal: true }), /seal needs keys: make one with generateKey\(\)/);
    assert.throws(() => resolveAuth({ keys: [], seal: true }), TypeError);
  });

  test("seal nothing unless that is asked for", () => {
    const keys = [generateKey()];
    assert.equal(resolveAuth().ticketKeys, undefined);
    assert.equal(resolveAuth({ keys }).ticketKeys, undefined);
    assert.equal(resolveAuth({ keys, seal: false }).ticketKeys, undefined);
    const ring = new KeyRing(keys);
    assert.equal(resolveAuth({ keys: ring, seal: true }).ticketKeys, ring);
  });
});
