/** Promises about sessions that a cache has: guards know them at once, and nothing else may be different. */
import assert from "node:assert/strict";
import type { AdapterCase, AdapterCases } from "../case.ts";
import { assertNotSignedIn, assertRefused, assertSignedIn } from "../expectations.ts";
import type { Stage, StageOptions } from "../stage.ts";

const renewAfter = 10 * 60_000;

/** On a stage whose store has its sessions at hand. */
function atHand(play: (stage: Stage) => Promise<void>, options: StageOptions = {}): AdapterCase {
  return (set) => set(play, { ...options, atHand: true });
}

export const sessionsAtHand: AdapterCases = {
  "a session at hand opens guarded routes, and nothing is asked of the store": atHand(
    async ({ signedIn, store }) => {
      const ada = await signedIn();
      store.operations.length = 0;
      assertSignedIn(await ada.get("/me"));
      assertSignedIn(await ada.get("/maybe"));
      assert.equal((await ada.get("/public")).status, 200);
      assert.deepEqual(store.operations, []);
    },
  ),

  "what a guard demands beside the session, it demands of one at hand": atHand(async ({ signedIn }) => {
    const ada = await signedIn();
    assertRefused(await ada.get("/admin"), 403, "forbidden");
    assertRefused(await ada.send("POST", "/form"), 403, "csrf");
    assertSignedIn(await (await signedIn("admin")).get("/admin"), "admin");
  }),

  "a recent sign-in is proven by the store itself, not by what is at hand": atHand(
    async ({ signedIn, store }) => {
      const ada = await signedIn();
      store.operations.length = 0;
      assertSignedIn(await ada.get("/recent"));
      assert.deepEqual(store.operations, ["find"]);
    },
  ),

  "a session at hand is renewed when its secret is old": atHand(
    async ({ signedIn, clock }) => {
      const ada = await signedIn();
      const old = ada.cookie;
      clock.advance(renewAfter);
      assertSignedIn(await ada.get("/me"));
      assert.notEqual(ada.cookie, old);
      assertSignedIn(await ada.get("/me"));
    },
    { policy: { renewAfter } },
  ),

  "after a sign-out it is at hand no more": atHand(async ({ signedIn, send }) => {
    const ada = await signedIn();
    const cookie = ada.cookie!;
    assertSignedIn(await send("GET", "/me", { cookie }));
    await ada.do("logout");
    assertNotSignedIn(await send("GET", "/me", { cookie }), "logout");
  }),

  "an application's rule that throws fails that request, and no other": atHand(
    async ({ browser, signedIn }) => {
      const ada = await signedIn();
      assert.equal((await ada.get("/me", { headers: { "user-agent": "odd" } })).status, 500);
      assert.equal((await browser().get("/public")).status, 200);
      assertSignedIn(await ada.get("/me"));
    },
    {
      policy: {
        fingerprint: (_signedIn, { userAgent }) => {
          if (userAgent === "odd") throw new Error("The rule failed");
          return "ok";
        },
      },
    },
  ),
};
