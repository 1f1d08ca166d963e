/** Promises about what a visitor gathers before signing in. */
import assert from "node:assert/strict";
import { generateKey, KeyRing } from "../../../http/key-ring.ts";
import type { AdapterCases } from "../case.ts";
import { assertSignedIn, cookieOf, pairOf } from "../expectations.ts";
import type { StageOptions } from "../stage.ts";

const name = "__Host-carry-over";
const hour = 60 * 60_000;
const key = generateKey();
const keys = new KeyRing([key]);
const carrying: StageOptions = { auth: { keys, carryOver: ["cart", "theme"] } };
const cart = ["of the visitor's cart"];

export const carryOver: AdapterCases = {
  "a visitor who carries nothing gets no cookie, and the store no row": (set) =>
    set(async ({ browser, store }) => {
      const visitor = browser();
      assert.deepEqual((await visitor.get("/public")).setCookies, []);
      assert.deepEqual((await visitor.do("carried", "drop:cart", "pop:notice")).setCookies, []);
      assert.deepEqual(store.operations, []);
    }, carrying),

  "what a visitor carries is kept in one sealed cookie of the browser session, and asks nothing of the store":
    (set) =>
      set(async ({ browser, store }) => {
        const visitor = browser();
        const answer = await visitor.do("carry:cart", "carried");
        assert.deepEqual(answer.json.results[1], { cart });
        assert.deepEqual(attributesOf(cookieOf(answer)), ["HttpOnly", "Path=/", "SameSite=Lax", "Secure"]);
        assert.equal(answer.headers["cache-control"], "no-store");
        assert.ok(!Buffer.from(pairOf(answer).split(".")[1]!, "base64url").includes("visitor"));
        assert.deepEqual((await visitor.do("carried")).json.results, [{ cart }]);
        assert.deepEqual(store.operations, []);
      }, carrying),

  "at sign-in it becomes data of the session, and the cookie is cleared": (set) =>
    set(async ({ browser }) => {
      const visitor = browser();
      await visitor.do("carry:cart");
      await visitor.do("login:ada");
      const me = await visitor.get("/me");
      assertSignedIn(me);
      assert.deepEqual(me.json.data, { theme: "dark", cart });
      assert.match(visitor.cookie!, /^__Host-session=[^;]*$/);
      await visitor.do("logout");
      await visitor.do("login:ada");
      assert.deepEqual((await visitor.get("/me")).json.data, { theme: "dark" }, "It is carried over once");
    }, carrying),

  "what the sign-in itself says wins": (set) =>
    set(async ({ browser }) => {
      const visitor = browser();
      await visitor.do("carry:theme", "carry:cart");
      await visitor.do("login:ada");
      assert.deepEqual((await visitor.get("/me")).json.data, { theme: "dark", cart });
    }, carrying),

  // Proves RFC 10025 §4.1.1.
  "what is carried and signed in with in one request arrives, and leaves no cookie": (set) =>
    set(async ({ browser }) => {
      const visitor = browser();
      await visitor.do("carry:cart", "login:ada", "carried");
      assert.deepEqual((await visitor.get("/me")).json.data, { theme: "dark", cart });
      assert.match(visitor.cookie!, /^__Host-session=[^;]*$/);
    }, carrying),

  "a sign-in that is refused leaves it where it is": (set) =>
    set(async ({ browser }) => {
      const visitor = browser();
      await visitor.do("carry:cart");
      assert.equal((await visitor.do("login-outdated:ada")).status, 401);
      assert.deepEqual((await visitor.do("carried")).json.results, [{ cart }]);
    }, carrying),

  "values are changed key by key, and the last one takes the cookie with it": (set) =>
    set(async ({ browser }) => {
      const visitor = browser();
      await visitor.do("carry:cart");
      await visitor.do("carry:theme");
      const both = await visitor.do("carried", "drop:theme", "carried");
      assert.deepEqual(Object.keys(both.json.results[0]).sort(), ["cart", "theme"]);
      assert.deepEqual(both.json.results[2], { cart });
      await visitor.do("drop:cart");
      assert.equal(visitor.cookie, undefined);
    }, carrying),

  "it is kept for an hour after the last change, whatever the browser keeps (CVE-2024-31999)": (set) =>
    set(async ({ browser, clock }) => {
      const visitor = browser();
      await visitor.do("carry:cart");
      clock.advance(hour - 1);
      await visitor.do("carry:theme");
      clock.advance(hour - 1);
      assert.deepEqual(Object.keys((await visitor.do("carried")).json.results[0]), ["cart", "theme"]);
      clock.advance(1);
      assert.deepEqual((await visitor.do("carried")).json.results, [{}]);
    }, carrying),

  "what this application did not seal for it is not carried, and is no error": (set) =>
    set(async ({ send, clock }) => {
      const later = clock.now() + hour;
      const text = JSON.stringify({ values: { cart }, messages: {} });
      const sound = keys.seal("carry-over", name, text, later);
      const carriedBy = async (cookie: string) =>
        (await send("POST", "/do?verbs=carried,pop:notice", { cookie })).json.results;
      assert.deepEqual(await carriedBy(`${name}=${sound}`), [{ cart }, null]);
      const planted = [
        `${name}=${text}`,
        `${name}=`,
        `${name}=${sound}x`,
        `${name}=${sound}; ${name}=${sound}`,
        `__host-carry-over=${sound}`,
        `carry-over=${sound}`,
        `${name}=${keys.seal("session", name, text, later)}`,
        `${name}=${keys.seal("carry-over", "__Host-session", text, later)}`,
        `${name}=${new KeyRing([generateKey()]).seal("carry-over", name, text, later)}`,
        `${name}=${keys.seal("carry-over", name, JSON.stringify({ values: { role: "admin" }, messages: {} }), later)}`,
      ];
      for (const cookie of planted) assert.deepEqual(await carriedBy(cookie), [{}, null], cookie);
    }, carrying),

  "more than 2 KB is refused, and changes nothing": (set) =>
    set(async ({ browser }) => {
      const visitor = browser();
      await visitor.do("carry:cart");
      assert.equal((await visitor.do("carry-much:theme")).status, 500);
      assert.deepEqual((await visitor.do("carried")).json.results, [{ cart }]);
    }, carrying),
};

function attributesOf(setCookie: string): string[] {
  const [pair, ...attributes] = setCookie.split("; ");
  assert.equal(pair!.split("=", 1)[0], name);
  return attributes.sort();
}
