/** P5: no lost updates, and a handler sees what it wrote. */
import assert from "node:assert/strict";
import type { AdapterCases } from "../case.ts";
import { assertNotSignedIn } from "../expectations.ts";

export const data: AdapterCases = {
  "a handler sees what it wrote, in the same request and in the next": (set) =>
    set(async ({ signedIn }) => {
      const ada = await signedIn();
      const written = { theme: "dark", note: true };
      assert.deepEqual((await ada.do("data", "set:note", "data")).json.results, [
        { theme: "dark" },
        written,
        written,
      ]);
      assert.deepEqual((await ada.get("/me")).json.data, written);
    }),

  "two tabs that write different keys both win, and the slower one sees what the other wrote (express-session#361)":
    (set) =>
      set(async ({ signedIn, gate }) => {
        const ada = await signedIn();
        const slow = ada.do("data", "wait", "set:slow", "data");
        await gate.reached;
        await ada.do("set:fast");
        gate.open();
        const both = { theme: "dark", fast: true, slow: true };
        assert.deepEqual((await slow).json.results, [{ theme: "dark" }, null, both, both]);
        assert.deepEqual((await ada.get("/me")).json.data, both);
      }),

  "data is written for no session that has ended meanwhile": (set) =>
    set(async ({ signedIn, gate, sessions }) => {
      const ada = await signedIn();
      const late = ada.do("data", "wait", "set:late");
      await gate.reached;
      await sessions.revokeAll("ada");
      gate.open();
      assertNotSignedIn(await late);
      assertNotSignedIn(await ada.get("/me"), "revoked");
    }),
};
