/** Promises about what goes on after a request was let in: it learns that its session has ended, and leaves nothing behind. */
import assert from "node:assert/strict";
import { setImmediate as nextTurn } from "node:timers/promises";
import { houseOf, type SessionManager } from "../../../core/manager.ts";
import type { AdapterCases } from "../case.ts";

export const liveConnections: AdapterCases = {
  // Proves ASVS 7.4.1.
  "what is still being answered learns that its session has ended, and why (express-ws#88)": (set) =>
    set(async ({ signedIn, sessions, gate }) => {
      const ada = await signedIn();
      const answer = ada.do("until-ended");
      await gate.reached;
      assert.equal(watchedBy(sessions), 1);
      await sessions.revokeAll("ada", { reason: "credentials-changed" });
      assert.deepEqual((await answer).json.results, ["credentials-changed"]);
      assert.equal(watchedBy(sessions), 0);
    }),

  "it learns of a sign-out in another request of its browser": (set) =>
    set(async ({ signedIn, gate }) => {
      const ada = await signedIn();
      const answer = ada.do("until-ended");
      await gate.reached;
      await ada.do("logout");
      assert.deepEqual((await answer).json.results, ["logout"]);
    }),

  "a session is watched no longer than the response lasts": (set) =>
    set(async ({ signedIn, sessions }) => {
      const ada = await signedIn();
      assert.deepEqual((await ada.do("watch")).json.results, [1]);
      for (let turn = 0; turn < 1_000 && watchedBy(sessions) > 0; turn++) await nextTurn();
      assert.equal(watchedBy(sessions), 0);
    }),

  "a session is not watched before its signal is read": (set) =>
    set(async ({ signedIn, sessions, gate }) => {
      const ada = await signedIn();
      const answer = ada.do("ask", "wait");
      await gate.reached;
      assert.equal(watchedBy(sessions), 0);
      gate.open();
      await answer;
    }),
};

function watchedBy(sessions: SessionManager): number {
  return houseOf(sessions).watched.size;
}
