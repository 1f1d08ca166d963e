/** A cache between browser and server must never give one person's answer to another (ASVS 14.2.2, 14.3.2). */
import assert from "node:assert/strict";
import { generateKey } from "../../../http/key-ring.ts";
import type { Answer } from "../../browser.ts";
import type { AdapterCases } from "../case.ts";
import { assertNotSignedIn, assertSignedIn } from "../expectations.ts";

export const caching: AdapterCases = {
  // Proves ASVS 14.2.2, ASVS 14.3.2, WSTG-ATHN-06, RFC 9111 §5.2.2.5.
  "an answer to whoever is signed in is kept by no cache, and varies by the cookie (CVE-2026-27205)": (set) =>
    set(async ({ signedIn }) => {
      const ada = await signedIn();
      for (const path of ["/me", "/maybe", "/csrf"]) {
        const answer = await ada.get(path);
        assert.equal(answer.status, 200);
        assert.deepEqual(answer.setCookies, []);
        assert.equal(answer.headers["cache-control"], "no-store", path);
        assert.deepEqual(varies(answer), ["cookie"], path);
      }
    }),

  // Proves RFC 9111 §5.2.2.5.
  "an answer that looked for a session and found none varies by the cookie (CVE-2026-27205)": (set) =>
    set(async ({ send }) => {
      const answer = await send("GET", "/maybe");
      assert.deepEqual([answer.status, answer.json.userId], [200, null]);
      assert.deepEqual(varies(answer), ["cookie"]);
      assert.equal(answer.headers["cache-control"], undefined, "Visitors may share it");
      const refused = await send("GET", "/me");
      assertNotSignedIn(refused);
      assert.deepEqual(varies(refused), ["cookie"]);
    }),

  "an answer that ignores the session may be kept by every cache": (set) =>
    set(async ({ signedIn }) => {
      const { headers } = await (await signedIn()).get("/public");
      assert.equal(headers.vary, undefined);
      assert.equal(headers["cache-control"], undefined);
    }),

  "a handler that says how its answer is kept is believed": (set) =>
    set(async ({ signedIn }) => {
      const ada = await signedIn();
      for (const path of ["/own-headers", "/own-headers-guarded"]) {
        const answer = await ada.get(path);
        assertSignedIn(answer);
        assert.equal(answer.headers["cache-control"], "public, max-age=60", path);
      }
    }),

  "what a handler says that its answer varies by is kept, and nothing is said twice": (set) =>
    set(async ({ signedIn }) => {
      const ada = await signedIn();
      for (const path of ["/own-headers", "/own-headers-guarded"])
        assert.deepEqual(varies(await ada.get(path)), ["accept-encoding", "cookie"], path);
      assert.deepEqual(varies(await ada.get("/vary-cookie")), ["origin", "cookie"]);
      assert.deepEqual(varies(await ada.get("/vary-everything")), ["*"]);
    }),

  "what a visitor carries is kept by no cache": (set) =>
    set(
      async ({ browser }) => {
        const visitor = browser();
        assert.equal((await visitor.do("carried")).headers["cache-control"], undefined);
        await visitor.do("carry:cart");
        const answer = await visitor.do("carried");
        assert.deepEqual(answer.setCookies, []);
        assert.equal(answer.headers["cache-control"], "no-store");
        assert.deepEqual(varies(answer), ["cookie"]);
      },
      { auth: { keys: [generateKey()], carryOver: ["cart"] } },
    ),
};

function varies({ headers }: Answer): string[] {
  return String(headers.vary ?? "")
    .split(",")
    .map((name) => name.trim().toLowerCase());
}
