/** Promises about signing in. */
import assert from "node:assert/strict";
import { SessionToken } from "../../../core/token.ts";
import type { AdapterCases } from "../case.ts";
import {
  assertNotSignedIn,
  assertRefused,
  assertSignedIn,
  cookieOf,
  pairOf,
  tokenOf,
} from "../expectations.ts";
import { Gate } from "../gate.ts";

const defaultCookie =
  /^__Host-session=[\w-]{25}\.[\w-]{22}\.[\w-]{43}; HttpOnly; SameSite=Lax; Path=\/; Secure$/;

const hour = 60 * 60_000;

export const signIn: AdapterCases = {
  // Proves ASVS 3.3.1, ASVS 3.3.2, ASVS 3.3.3, ASVS 3.3.4, WSTG-SESS-02, NIST 5.1 restart, NIST 5.1.1,
  // RFC 10025 §4.1.1.
  "a sign-in sets one cookie with exactly the default attributes": (set) =>
    set(async ({ browser }) => {
      const answer = await browser().do("login:ada");
      assert.equal(answer.status, 200);
      assert.match(cookieOf(answer), defaultCookie);
    }),

  // Proves ASVS 14.2.2, ASVS 14.3.2, WSTG-SESS-04, RFC 9111 §5.2.2.5.
  "an answer with the cookie is kept by no cache (CVE-2023-30861)": (set) =>
    set(async ({ browser }) => {
      const { headers } = await browser().do("login:ada");
      assert.equal(headers["cache-control"], "no-store");
      assert.match(String(headers.vary), /\bcookie\b/i);
    }),

  "a guard gives its handler the session with its data": (set) =>
    set(async ({ signedIn }) => {
      const answer = await (await signedIn()).get("/me");
      assert.deepEqual(answer.json, { userId: "ada", data: { theme: "dark" } });
    }),

  "after sign-in the same request has the session, for every verb": (set) =>
    set(async ({ browser }) => {
      const ada = browser();
      const answer = await ada.do("login:grace", "login:ada", "ask", "update", "renew");
      assert.deepEqual(answer.json.results, ["grace", "ada", "ada", true, true]);
      assertSignedIn(await ada.get("/me"));
    }),

  // Proves ASVS 7.2.2, ASVS 7.2.4.
  "every sign-in is a new session": (set) =>
    set(async ({ browser, sessions }) => {
      const first = tokenOf(await browser().do("login:ada"));
      const second = tokenOf(await browser().do("login:ada"));
      assert.notEqual(first.id, second.id);
      assert.equal((await sessions.list("ada")).length, 2);
    }),

  "no answer overtakes its sign-in: the next page, which a redirect asks for at once, has the session (express-session#360)":
    (set) =>
      set(async ({ browser, send, store }) => {
        const ada = browser();
        const writing = new Gate();
        store.interfere = (operation) => (operation === "insert" ? writing.pass() : undefined);
        let isAnswered = false;
        const signingIn = ada.do("login:ada").finally(() => {
          isAnswered = true;
        });
        await writing.reached;
        await send("GET", "/public");
        assert.equal(isAnswered, false);
        writing.open();
        await signingIn;
        assertSignedIn(await ada.get("/me"));
      }),

  // Proves ASVS 7.2.4, WSTG-SESS-03.
  "a sign-in over a live session ends it": (set) =>
    set(async ({ browser, send, sessions, events }) => {
      const ada = browser();
      const first = pairOf(await ada.do("login:ada"));
      await ada.do("login:ada");
      assertNotSignedIn(await send("GET", "/me", { cookie: first }), "replaced");
      assertSignedIn(await ada.get("/me"));
      assert.equal((await sessions.list("ada")).length, 1);
      assert.equal(events.filter(({ type }) => type === "replaced").length, 1);
    }),

  // Proves CVE-2024-7341, WSTG-SESS-03.
  "a sign-in as somebody else ends the session of the one before (CVE-2014-0482, CVE-2023-6787)": (set) =>
    set(async ({ browser, send, sessions }) => {
      const shared = browser();
      const first = pairOf(await shared.do("login:ada"));
      await shared.do("login:grace");
      assertNotSignedIn(await send("GET", "/me", { cookie: first }), "replaced");
      assertSignedIn(await shared.get("/me"), "grace");
      assert.deepEqual(await sessions.list("ada"), []);
    }),

  // Proves WSTG-SESS-03.
  "a planted token is never adopted (CVE-2022-25896)": (set) =>
    set(async ({ send, sessions }) => {
      const planted = SessionToken.generate("ada");
      const cookie = `__Host-session=${planted.reveal()}`;
      const issued = tokenOf(await send("POST", "/do?verbs=login:ada", { cookie }));
      assert.notEqual(issued.id, planted.id);
      assertNotSignedIn(await send("GET", "/me", { cookie }));
      assert.deepEqual(
        (await sessions.list("ada")).map(({ id }) => id),
        [issued.id],
      );
    }),

  // Proves WSTG-SESS-03.
  "a planted session of somebody else does not become the victim's (CVE-2023-29019)": (set) =>
    set(async ({ browser, send }) => {
      const planted = await browser().do("login:mallory");
      const issued = await send("POST", "/do?verbs=login:ada", { cookie: pairOf(planted) });
      assert.notEqual(tokenOf(issued).id, tokenOf(planted).id);
      assertNotSignedIn(await send("GET", "/me", { cookie: pairOf(planted) }), "replaced");
    }),

  "a sign-in with a guess at somebody's session ends nothing (CVE-2022-39263)": (set) =>
    set(async ({ signedIn, send, sessions }) => {
      const ada = await signedIn();
      const [{ id } = assert.fail()] = await sessions.list("ada");
      const guess = SessionToken.generate("ada")
        .reveal()
        .replace(/^[^.]*/, id);
      await send("POST", "/do?verbs=login:mallory", { cookie: `__Host-session=${guess}` });
      assertSignedIn(await ada.get("/me"));
    }),

  "a sign-in that the session limit refuses changes nothing": (set) =>
    set(
      async ({ signedIn, browser, sessions }) => {
        const ada = await signedIn();
        assertRefused(await browser().do("login:ada"), 409, "session-limit");
        assertSignedIn(await ada.get("/me"));
        assert.equal((await sessions.list("ada")).length, 1);
      },
      { policy: { maxSessions: 1, onLimit: "refuse" } },
    ),

  // Proves WSTG-SESS-11.
  "a session that makes way for another is told so for 24 hours, and never comes back": (set) =>
    set(
      async ({ signedIn, clock, sessions }) => {
        const evicted = await signedIn();
        const staying = await signedIn();
        for (const passed of [0, 12 * hour, 12 * hour - 1]) {
          clock.advance(passed);
          assertNotSignedIn(await evicted.get("/me"), "evicted");
          assertNotSignedIn(await evicted.do("set:a"));
          assertSignedIn(await staying.get("/me"));
          assert.equal((await sessions.list("ada")).length, 1);
        }
        clock.advance(1);
        assertNotSignedIn(await evicted.get("/me"));
        assertSignedIn(await staying.get("/me"));
      },
      { policy: { maxSessions: 1, idleTimeout: 24 * hour, absoluteTimeout: 48 * hour } },
    ),

  // Proves ASVS 7.4.2.
  "a sign-in that a change of the account overtook leaves no session": (set) =>
    set(async ({ browser, sessions }) => {
      assertNotSignedIn(await browser().do("login-outdated:ada"));
      assert.deepEqual(await sessions.list("ada"), []);
    }),

  // Proves NIST 5.1 restart.
  "a cookie that outlives the browser ends with the session's last deadline": (set) =>
    set(
      async ({ browser }) => {
        assert.match(cookieOf(await browser().do("login:ada")), /; Max-Age=43200;/);
      },
      { auth: { cookie: { persistent: true } } },
    ),
};
