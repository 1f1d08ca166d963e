/** P6: an outage is not a sign-out (connect-redis#72, alkem-io/server#6332). */
import assert from "node:assert/strict";
import type { AdapterCases } from "../case.ts";
import { assertSignedIn, assertUnavailable } from "../expectations.ts";
import { down, hanging, working } from "../watched-store.ts";

export const outage: AdapterCases = {
  // Proves ASVS 16.5.2, ASVS 16.5.3, RFC 9110 §10.2.3.
  "while the store is down, guarded routes say 503 and keep the cookie": (set) =>
    set(async ({ signedIn, store }) => {
      const ada = await signedIn();
      store.interfere = down;
      assertUnavailable(await ada.get("/me"));
      assertUnavailable(await ada.get("/recent"));
      assertUnavailable(await ada.get("/admin"));
    }),

  // Proves ASVS 16.5.2.
  "while the store is down, public routes answer": (set) =>
    set(async ({ signedIn, send, store }) => {
      const ada = await signedIn();
      store.interfere = down;
      assert.equal((await ada.get("/public")).status, 200);
      assert.equal((await send("GET", "/maybe")).status, 200, "Without a cookie there is nothing to ask");
    }),

  // Proves ASVS 16.5.3.
  "while the store is down, a route that asks for the session gets 503, not nobody": (set) =>
    set(async ({ signedIn, store }) => {
      const ada = await signedIn();
      store.interfere = down;
      assertUnavailable(await ada.get("/maybe"));
      assertUnavailable(await ada.get("/csrf"));
    }),

  "while the store is down, nobody signs in or out, and the cookie stays": (set) =>
    set(async ({ signedIn, browser, store }) => {
      const ada = await signedIn();
      store.interfere = down;
      for (const verb of ["login:ada", "logout", "renew", "reauthenticate", "update", "touch"]) {
        assertUnavailable(await ada.do(verb));
      }
      assertUnavailable(await browser().do("login:ada"));
      store.interfere = working;
      assertSignedIn(await ada.get("/me"));
    }),

  "a store that fails at the end of a sign-out clears no cookie": (set) =>
    set(async ({ signedIn, store }) => {
      const ada = await signedIn();
      store.interfere = (operation) => (operation === "delete" ? down(operation) : undefined);
      assertUnavailable(await ada.do("logout"));
      assertSignedIn(await ada.get("/me"));
    }),

  "a renewal that cannot be written costs nothing": (set) =>
    set(
      async ({ signedIn, clock, store }) => {
        const ada = await signedIn();
        clock.advance(10 * 60_000);
        store.interfere = (operation) => (operation === "update" ? down(operation) : undefined);
        const answer = await ada.get("/me");
        assertSignedIn(answer);
        assert.deepEqual(answer.setCookies, []);
      },
      { policy: { renewAfter: 10 * 60_000 } },
    ),

  "while the store is down, a check of the CSRF token says 503": (set) =>
    set(
      async ({ signedIn, store }) => {
        const ada = await signedIn();
        store.interfere = down;
        assertUnavailable(await ada.post("/me", { headers: { "x-csrf-token": "any" } }));
      },
      { auth: { csrf: "token" } },
    ),

  // Proves ASVS 13.2.6, ASVS 16.5.2.
  "a store that hangs gets 503 within its timeout": (set) =>
    set(
      async ({ signedIn, store }) => {
        const ada = await signedIn();
        store.interfere = hanging;
        const start = performance.now();
        assertUnavailable(await ada.get("/me"));
        assertUnavailable(await ada.do("logout"));
        assert.ok(performance.now() - start < 1_500);
        assert.equal((await ada.get("/public")).status, 200);
        store.interfere = working;
        assertSignedIn(await ada.get("/me"));
      },
      { timeout: 20 },
    ),

  "503 is kept by no cache, whatever the handler meant to allow": (set) =>
    set(async ({ signedIn, store }) => {
      const ada = await signedIn();
      store.interfere = down;
      const { status, headers } = await ada.get("/own-headers");
      assert.equal(status, 503);
      assert.equal(headers["cache-control"], "no-store");
      assert.ok(headers["retry-after"]);
    }),
};
