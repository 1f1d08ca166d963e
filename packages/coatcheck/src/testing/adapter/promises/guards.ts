/** Promises about who gets in, and about those who ask for nothing. */
import assert from "node:assert/strict";
import { SessionToken } from "../../../core/token.ts";
import { recently } from "../application.ts";
import type { AdapterCases } from "../case.ts";
import {
  assertNotSignedIn,
  assertRefused,
  assertSignedIn,
  cookieOf,
  pairOf,
  tokenOf,
} from "../expectations.ts";

const minute = 60_000;

export const guards: AdapterCases = {
  // Proves RFC 9110 §15.5.2.
  "a guarded route refuses a request without a cookie": (set) =>
    set(async ({ send, store }) => {
      assertNotSignedIn(await send("GET", "/me"));
      assert.deepEqual(store.operations, []);
    }),

  // Proves ASVS 7.2.1, WSTG-SESS-01.
  "a guarded route refuses a token that was never ours, and changes nothing (CVE-2015-5143)": (set) =>
    set(async ({ send, store }) => {
      const cookie = `__Host-session=${SessionToken.generate("ada").reveal()}`;
      assertNotSignedIn(await send("GET", "/me", { cookie }));
      assert.deepEqual(store.operations, ["find"]);
    }),

  // Proves ASVS 7.3.1, ASVS 7.4.1, WSTG-SESS-07.
  "a session dies at its idle deadline, to the millisecond": (set) =>
    set(async ({ signedIn, clock }) => {
      const ada = await signedIn();
      clock.advance(30 * minute - 1);
      assertSignedIn(await ada.get("/me"));
      clock.advance(30 * minute);
      assertNotSignedIn(await ada.get("/me"), "expired");
      assertNotSignedIn(await ada.get("/me"), "expired");
    }),

  // Proves ASVS 7.3.2, ASVS 7.4.1, WSTG-SESS-07.
  "a session in use dies at its absolute deadline (better-auth#10405)": (set) =>
    set(async ({ signedIn, clock }) => {
      const ada = await signedIn();
      for (let minutes = 20; minutes < 12 * 60; minutes += 20) {
        clock.advance(20 * minute);
        assertSignedIn(await ada.get("/me"));
      }
      clock.advance(20 * minute);
      assertNotSignedIn(await ada.get("/me"), "expired");
    }),

  "a route that asks without demanding sees nobody without a cookie": (set) =>
    set(async ({ send, signedIn }) => {
      assert.deepEqual((await send("GET", "/maybe")).json, { userId: null, same: true });
      assert.deepEqual((await (await signedIn()).get("/maybe")).json, { userId: "ada", same: true });
    }),

  "a route that asks without demanding sees nobody behind a dead cookie, and leaves it": (set) =>
    set(async ({ browser, send }) => {
      const ada = browser();
      const cookie = pairOf(await ada.do("login:ada"));
      await ada.do("logout");
      const answer = await send("GET", "/maybe", { cookie });
      assert.equal(answer.json.userId, null);
      assert.deepEqual(answer.setCookies, []);
    }),

  "one request asks the store once, however often it asks for its session": (set) =>
    set(async ({ signedIn, store }) => {
      const ada = await signedIn();
      store.operations.length = 0;
      await ada.get("/maybe");
      assert.deepEqual(store.operations, ["find"]);
    }),

  "a request that ignores its session costs no store call": (set) =>
    set(async ({ signedIn, store }) => {
      const ada = await signedIn();
      store.operations.length = 0;
      const answer = await ada.get("/public");
      assert.equal(answer.status, 200);
      assert.deepEqual(answer.setCookies, []);
      assert.deepEqual(store.operations, []);
    }),

  // Proves ASVS 7.6.2, WSTG-SESS-01.
  "a client that never returns cookies creates no rows and gets no cookies (hono-sessions#29)": (set) =>
    set(async ({ send, store }) => {
      for (const path of ["/public", "/maybe", "/me", "/recent", "/admin", "/csrf", "/nowhere"]) {
        assert.deepEqual((await send("GET", path)).setCookies, [], path);
      }
      for (const path of ["/me", "/form", "/json", "/do?verbs=ask"]) {
        assert.deepEqual((await send("POST", path)).setCookies, [], path);
      }
      assert.deepEqual(store.operations, []);
    }),

  // Proves ASVS 7.5.3.
  "a fresh sign-in is recent, an old one is not": (set) =>
    set(async ({ signedIn, clock }) => {
      const ada = await signedIn();
      assertSignedIn(await ada.get("/recent"));
      clock.advance(recently - 1);
      assertSignedIn(await ada.get("/recent"));
      clock.advance(1);
      assertRefused(await ada.get("/recent"), 403, "reauth-required");
      assertSignedIn(await ada.get("/me"));
    }),

  // Proves ASVS 7.5.1, NIST 5.1 remembering, NIST 5.1 assurance.
  "a remembered browser is never recent, however short ago it came back, until its user proves who they are":
    (set) =>
      set(async ({ browser }) => {
        const ada = browser();
        await ada.do("login-remembered:ada");
        assertSignedIn(await ada.get("/me"));
        assertRefused(await ada.get("/recent"), 403, "reauth-required");
        await ada.do("reauthenticate");
        assertSignedIn(await ada.get("/recent"));
      }),

  // Proves ASVS 7.2.4, ASVS 7.5.3.
  "re-authentication makes an old sign-in recent, under another secret (better-auth#10494)": (set) =>
    set(async ({ browser, clock }) => {
      const ada = browser();
      const before = tokenOf(await ada.do("login:ada"));
      clock.advance(recently);
      const after = tokenOf(await ada.do("reauthenticate"));
      assert.equal(after.id, before.id);
      assertSignedIn(await ada.get("/recent"));
    }),

  "a secret that re-authentication replaced still opens ordinary doors, and no others": (set) =>
    set(async ({ browser, send }) => {
      const ada = browser();
      const cookie = pairOf(await ada.do("login:ada"));
      await ada.do("reauthenticate");
      const ordinary = await send("GET", "/me", { cookie });
      assertSignedIn(ordinary);
      assert.deepEqual(ordinary.setCookies, [], "The new secret is never sent to the holder of the old one");
      assertRefused(await send("GET", "/recent", { cookie }), 403, "reauth-required");
    }),

  "nobody re-authenticates without a session": (set) =>
    set(async ({ send }) => {
      assertNotSignedIn(await send("POST", "/do?verbs=reauthenticate"));
      assertNotSignedIn(await send("GET", "/recent"));
    }),

  "a guard by predicate lets some in and refuses the others": (set) =>
    set(async ({ signedIn, send }) => {
      assertSignedIn(await (await signedIn("admin")).get("/admin"), "admin");
      assertRefused(await (await signedIn("ada")).get("/admin"), 403, "forbidden");
      assertNotSignedIn(await send("GET", "/admin"));
    }),

  // Proves ASVS 16.5.3.
  "an error of the handler keeps its status, and the cookie that was earned before it": (set) =>
    set(async ({ browser }) => {
      const ada = browser();
      const answer = await ada.do("login:ada", "fail:418");
      assert.equal(answer.status, 418);
      cookieOf(answer);
      assertSignedIn(await ada.get("/me"));
    }),

  "the application can answer every problem in its own words": (set) =>
    set(
      async ({ send, signedIn, store }) => {
        const ada = await signedIn();
        const foreign = { headers: { "sec-fetch-site": "cross-site" } };
        const refusals = [
          await send("GET", "/me"),
          await ada.get("/admin"),
          await ada.post("/me", foreign),
          await ada.post("/form"),
        ];
        store.interfere = () => {
          throw new Error("down");
        };
        refusals.push(await ada.get("/me"), await ada.get("/maybe"));
        assert.deepEqual(
          refusals.map(({ status, body }) => [status, body]),
          [
            [401, "not-signed-in!"],
            [403, "forbidden!"],
            [403, "csrf!"],
            [403, "csrf!"],
            [503, "store-unavailable!"],
            [503, "store-unavailable!"],
          ],
        );
        for (const { setCookies } of refusals) assert.deepEqual(setCookies, []);
      },
      {
        auth: {
          onProblem: ({ type, status }) => new Response(`${type.split(":").at(-1)}!`, { status }),
        },
      },
    ),
};
