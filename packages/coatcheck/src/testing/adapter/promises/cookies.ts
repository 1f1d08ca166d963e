/** Promises about what arrives in a `Cookie` header. */
import assert from "node:assert/strict";
import { createHash, createHmac } from "node:crypto";
import type { AdapterCases } from "../case.ts";
import { assertNotSignedIn, assertSignedIn, pairOf } from "../expectations.ts";
import type { StageOptions } from "../stage.ts";

export const cookies: AdapterCases = {
  "the session is found among other cookies": (set) =>
    set(async ({ browser, send }) => {
      const pair = pairOf(await browser().do("login:ada"));
      for (const cookie of [`a=1; ${pair}`, `${pair}; b=2`, `a=1;${pair};b=2`, `a; =;;; ${pair} ;`]) {
        assertSignedIn(await send("GET", "/me", { cookie }));
      }
    }),

  // Proves RFC 10025 §4.1.3.
  "a cookie of another spelling is not ours, whoever tossed it (CVE-2026-39410)": (set) =>
    set(async ({ browser, send, store }) => {
      const value = pairOf(await browser().do("login:ada")).split("=")[1];
      store.operations.length = 0;
      for (const name of [
        "__host-session",
        "__HOST-SESSION",
        "session",
        "\u00a0__Host-session",
        "x__Host-session",
      ]) {
        assertNotSignedIn(await send("GET", "/me", { cookie: `${name}=${value}` }));
      }
      assertNotSignedIn(await send("GET", "/me", { cookie: `=__Host-session=${value}` }));
      assertNotSignedIn(await send("GET", "/me", { cookie: `$Version=1; $__Host-session=${value}` }));
      assert.deepEqual(store.operations, []);
    }),

  "a tossed cookie of another spelling does not hide the session": (set) =>
    set(async ({ browser, send }) => {
      const pair = pairOf(await browser().do("login:ada"));
      assertSignedIn(await send("GET", "/me", { cookie: `__host-session=evil; ${pair}; session=evil` }));
    }),

  // Proves ASVS 15.3.7, RFC 10025 §8.6.
  "two cookies of the name count as none, and are reported (RFC 10025 §4.2.2)": (set) =>
    set(async ({ browser, send, store, events }) => {
      const pair = pairOf(await browser().do("login:ada"));
      const other = pairOf(await browser().do("login:mallory"));
      store.operations.length = 0;
      for (const cookie of [`${pair}; ${other}`, `${other}; ${pair}`, `${pair}; ${pair}`]) {
        assertNotSignedIn(await send("GET", "/me", { cookie }));
      }
      assertNotSignedIn(await send("GET", "/me", { headers: { Cookie: [pair, other] } }));
      assert.deepEqual(store.operations, []);
      assert.equal(
        events.filter((event) => event.type === "rejected" && event.reason === "duplicate").length,
        4,
      );
    }),

  // Proves WSTG-SESS-04, ASVS 15.3.7.
  "a session is not read from the query, a header or a form (ASVS 14.2.1)": (set) =>
    set(async ({ browser, send }) => {
      const pair = pairOf(await browser().do("login:ada"));
      const value = pair.split("=")[1]!;
      const headers = {
        authorization: `Bearer ${value}`,
        "x-session": value,
        "content-type": "application/x-www-form-urlencoded",
      };
      assertNotSignedIn(await send("POST", `/me?${pair}&session=${value}`, { headers, body: pair }));
    }),

  // Proves ASVS 7.2.1.
  "no garbage in the cookie is an error, reaches the store or sets a cookie (CVE-2015-3982)": (set) =>
    set(async ({ browser, send, store }) => {
      const pair = pairOf(await browser().do("login:ada"));
      store.operations.length = 0;
      for (const cookie of garbage(pair)) {
        assertNotSignedIn(await send("GET", "/me", { cookie }));
        assert.equal((await send("GET", "/maybe", { cookie })).json.userId, null);
      }
      assert.deepEqual(store.operations, []);
    }, unthrottled),

  // Proves ASVS 7.2.1, ASVS 9.1.1, ASVS 9.1.2, WSTG-SESS-10, CVE-2023-48309.
  "a token that says itself whose session it is opens nothing, signed or not, and the store is not asked": (
    set,
  ) =>
    set(async ({ browser, send, store }) => {
      const [name, ticket] = pairOf(await browser().do("login:ada")).split("=");
      const [id] = ticket!.split(".");
      store.operations.length = 0;
      for (const token of selfContained({ sub: "ada", sid: id, userId: "ada", exp: 4_102_444_800 })) {
        assertNotSignedIn(await send("GET", "/me", { cookie: `${name}=${token}` }));
      }
      assert.deepEqual(store.operations, []);
    }, unthrottled),
};

/** A JWT of these claims: unsigned in every spelling, signed with keys that people choose, and without its parts. */
function selfContained(claims: object): string[] {
  const encoded = (part: object) => Buffer.from(JSON.stringify(part)).toString("base64url");
  return ["none", "None", "NONE", "HS256"].flatMap((alg) => {
    const signed = `${encoded({ typ: "JWT", alg })}.${encoded(claims)}`;
    const byKey = ["", "secret", "coatcheck"].map((key) =>
      createHmac("sha256", key).update(signed).digest("base64url"),
    );
    return [signed, `${signed}.`, ...byKey.map((signature) => `${signed}.${signature}`)];
  });
}

/** More garbage than one address would have looked at. */
const unthrottled: StageOptions = { auth: { throttle: { garbagePerMinute: 10_000 } } };

/** The name with strange values, the real pair mutilated, and noise. */
function garbage(pair: string): string[] {
  const name = "__Host-session";
  const values = [
    "",
    " ",
    '""',
    "null",
    "undefined",
    "[object Object]",
    "%",
    "%00",
    "%E0%A4%A",
    "..",
    "a.b.c",
    "__proto__",
    "' OR 1=1 --",
    "*",
    "\u00ff\u00fe",
    "x".repeat(8_000),
    ".".repeat(8_000),
  ];
  const [, value] = pair.split("=");
  const mutilated = [
    `"${value}"`,
    `${value}.`,
    `${value}x`,
    value!.slice(1),
    value!.slice(0, -1),
    `${value},${value}`,
  ];
  const noise = Array.from({ length: 100 }, (_, at) => headerText(String(at)));
  return [
    ...[...values, ...mutilated, ...noise].map((text) => `${name}=${text}`),
    ...noise,
    name,
    `${name};${name}`,
    ";".repeat(8_000),
    "=".repeat(8_000),
  ];
}

/** Bytes that a header may hold, each time the same from the same seed. */
function headerText(seed: string): string {
  const bytes = createHash("sha512").update(seed).digest("latin1");
  return bytes.replace(/[^\t\x20-\x7e\x80-\xff]/g, "").replaceAll(/[a-z]/g, ";");
}
