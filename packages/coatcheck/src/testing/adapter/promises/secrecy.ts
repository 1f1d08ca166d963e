/** P7: the secret leaves memory only inside `Set-Cookie`. Every other test ends with the same check. */
import assert from "node:assert/strict";
import { SessionToken } from "../../../core/token.ts";
import type { AdapterCases } from "../case.ts";
import { down, working } from "../watched-store.ts";

export const secrecy: AdapterCases = {
  // Proves ASVS 3.3.4, ASVS 16.2.5, WSTG-SESS-04.
  "no answer, event or warning holds a secret, whatever happens": (set) =>
    set(
      async ({ browser, send, clock, store, events, sessions }) => {
        const ada = browser();
        const planted = `__Host-session=${SessionToken.generate("ada").reveal()}`;
        await ada.do("login:ada");
        const old = ada.cookie!;
        clock.advance(60 * 60_000);
        await ada.get("/me");
        await ada.get("/me");
        await ada.do("reauthenticate", "renew", "update");
        store.interfere = down;
        await ada.get("/me");
        await ada.do("login:ada");
        store.interfere = working;
        await ada.get("/csrf");
        await ada.post("/form", { headers: { "x-csrf-token": "wrong" } });
        await ada.do("fail:418");
        await send("GET", "/me", { cookie: planted });
        await send("GET", "/me", { cookie: `${old}; ${planted}` });
        clock.advance(60_000);
        await send("GET", "/me", { cookie: old });
        await ada.get("/me");
        const seen = new Set(events.map(({ type }) => type));
        for (const type of ["created", "renewed", "reauthenticated", "theft", "rejected", "csrf"] as const) {
          assert.ok(seen.has(type), `The tour must pass ${type}`);
        }
        assert.deepEqual(await sessions.list("ada"), []);
      },
      { policy: { idleTimeout: 2 * 60 * 60_000 } },
    ),
};
