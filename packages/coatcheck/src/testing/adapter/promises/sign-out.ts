/** P1: sign-out is final (connect-redis#328). */
import assert from "node:assert/strict";
import { SessionToken } from "../../../core/token.ts";
import type { AdapterCase, AdapterCases } from "../case.ts";
import { assertNotSignedIn, assertSignedIn, cookieOf, pairOf } from "../expectations.ts";
import { Gate } from "../gate.ts";

const expired = "Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT";

export const signOut: AdapterCases = {
  // Proves ASVS 7.4.1, WSTG-SESS-06, NIST 5.1 erasure.
  "sign-out ends the session and clears the cookie": (set) =>
    set(async ({ browser, send, sessions, events }) => {
      const ada = browser();
      const cookie = pairOf(await ada.do("login:ada"));
      const answer = await ada.do("logout");
      assert.equal(
        cookieOf(answer),
        `__Host-session=; HttpOnly; ${expired}; SameSite=Lax; Path=/; Secure`,
        "Browsers remove a cookie only by the attributes it was set with",
      );
      assert.equal(ada.cookie, undefined);
      assertNotSignedIn(await send("GET", "/me", { cookie }), "logout");
      assert.deepEqual(await sessions.list("ada"), []);
      assert.deepEqual(
        events.filter(({ type }) => type === "revoked").map((event) => "reason" in event && event.reason),
        ["logout"],
      );
    }),

  // Proves RFC 10025 §3.1.
  "a cookie with attributes of the application's own is cleared with the same": (set) =>
    set(
      async ({ browser }) => {
        const ada = browser();
        const attributes = "SameSite=Strict; Path=/app; Domain=example.com; Secure";
        assert.match(
          cookieOf(await ada.do("login:ada")),
          new RegExp(`^__Secure-sid=.*; HttpOnly; ${attributes}$`),
        );
        assert.equal(cookieOf(await ada.do("logout")), `__Secure-sid=; HttpOnly; ${expired}; ${attributes}`);
      },
      {
        auth: {
          cookie: { name: "__Secure-sid", sameSite: "strict", path: "/app", domain: "example.com" },
        },
      },
    ),

  "sign-out without a session clears the cookie and creates nothing (CVE-2015-5963)": (set) =>
    set(async ({ browser, store }) => {
      const answer = await browser().do("logout");
      assert.equal(answer.status, 200);
      assert.match(cookieOf(answer), /Max-Age=0/);
      assert.deepEqual(store.operations, []);
    }),

  // Proves better-auth 2025.
  "sign-out with a guess at somebody's session ends nothing (better-auth's multi-session cookies, 2025)": (
    set,
  ) =>
    set(async ({ signedIn, send, sessions }) => {
      const ada = await signedIn();
      const [{ id } = assert.fail()] = await sessions.list("ada");
      const guess = SessionToken.generate("ada")
        .reveal()
        .replace(/^[^.]*/, id);
      for (const value of [guess, id]) {
        assert.equal(
          (await send("POST", "/do?verbs=logout", { cookie: `__Host-session=${value}` })).status,
          200,
        );
      }
      assertSignedIn(await ada.get("/me"));
    }),

  "after sign-out the same request has no session (CVE-2023-20862)": (set) =>
    set(async ({ signedIn }) => {
      const answer = await (await signedIn()).do("ask", "logout", "ask");
      assert.deepEqual(answer.json.results, ["ada", null, null]);
    }),

  "sign-out leaves the user's other browsers alone": (set) =>
    set(async ({ signedIn }) => {
      const here = await signedIn();
      const there = await signedIn();
      await here.do("logout");
      assertSignedIn(await there.get("/me"));
    }),

  // Proves ASVS 7.4.1, ASVS 15.4.2.
  "a slow request that outlives sign-out leaves the session dead (CVE-2025-46336)": outlivesSignOut(),
  "a slow request that renews after sign-out leaves the session dead": outlivesSignOut("renew"),
  "a slow request that writes data after sign-out leaves the session dead": outlivesSignOut("update"),
  "a slow request that touches after sign-out leaves the session dead": outlivesSignOut("touch"),
  "a slow request that re-authenticates after sign-out leaves the session dead":
    outlivesSignOut("reauthenticate"),

  "a touch that was under way at sign-out leaves the session dead": (set) =>
    set(async ({ browser, clock, store, send, sessions }) => {
      const ada = browser();
      const cookie = pairOf(await ada.do("login:ada"));
      clock.advance(5 * 60_000);
      const touch = new Gate();
      store.interfere = (operation) => (operation === "update" ? touch.pass() : undefined);
      assertSignedIn(await ada.get("/me"));
      await touch.reached;
      await ada.do("logout");
      touch.open();
      await sessions.close();
      assertNotSignedIn(await send("GET", "/me", { cookie }), "logout");
      assert.deepEqual(await sessions.list("ada"), []);
    }),

  "a renewal that was under way at sign-out leaves the session dead": (set) =>
    set(async ({ browser, store, send, sessions }) => {
      const ada = browser();
      const cookie = pairOf(await ada.do("login:ada"));
      const renewal = new Gate();
      store.interfere = (operation) => (operation === "update" ? renewal.pass() : undefined);
      const slow = ada.lose("POST", "/do?verbs=renew");
      await renewal.reached;
      await ada.do("logout");
      renewal.open();
      assert.deepEqual((await slow).json.results, [false]);
      assertNotSignedIn(await send("GET", "/me", { cookie }), "logout");
      assert.deepEqual(await sessions.list("ada"), []);
    }),

  "a late 401 clears no cookie": (set) =>
    set(async ({ signedIn, store }) => {
      const ada = await signedIn();
      const answering = new Gate();
      store.interfere = (operation) => (operation === "find" ? answering.pass() : undefined);
      const late = ada.get("/me");
      await answering.reached;
      store.interfere = () => {};
      await ada.do("logout");
      await ada.do("login:ada");
      answering.open();
      assertNotSignedIn(await late, "logout");
      assertSignedIn(await ada.get("/me"));
    }),

  // Proves RFC 10025 §4.1.1.
  "renewal, sign-in and sign-out in one request set one cookie, the last": (set) =>
    set(async ({ signedIn, sessions }) => {
      const ada = await signedIn();
      cookieOf(await ada.do("renew", "reauthenticate", "login:ada", "logout", "login:grace"));
      assertSignedIn(await ada.get("/me"), "grace");
      assert.deepEqual(await sessions.list("ada"), []);
      assert.match(cookieOf(await ada.do("renew", "login:ada", "logout")), /Max-Age=0/);
      assert.equal(ada.cookie, undefined);
      assert.deepEqual([...(await sessions.list("ada")), ...(await sessions.list("grace"))], []);
    }),
};

/** A request that saw the session alive goes on after the user signed out in another tab. */
function outlivesSignOut(...verbs: readonly string[]): AdapterCase {
  return (set) =>
    set(async ({ browser, gate, send, sessions }) => {
      const ada = browser();
      const cookie = pairOf(await ada.do("login:ada"));
      const slow = ada.lose("POST", `/do?verbs=${["ask", "wait", ...verbs].join(",")}`);
      await gate.reached;
      await ada.do("logout");
      gate.open();
      const answer = await slow;
      assert.deepEqual(answer.setCookies, []);
      if (verbs.length > 0 && answer.status === 200) assert.equal(answer.json.results.at(-1), false);
      assertNotSignedIn(await send("GET", "/me", { cookie }), "logout");
      assert.deepEqual(await sessions.list("ada"), []);
    });
}
