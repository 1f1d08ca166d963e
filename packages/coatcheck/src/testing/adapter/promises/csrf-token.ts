/** Promises about the CSRF token of a session, app-wide (`csrf: "token"`) and on single routes. */
import assert from "node:assert/strict";
import type { Browser, Message } from "../../browser.ts";
import type { AdapterCases } from "../case.ts";
import { assertNotSignedIn, assertRefused, assertSignedIn, cookieOf } from "../expectations.ts";
import type { StageOptions } from "../stage.ts";

const everywhere: StageOptions = { auth: { csrf: "token" } };

export const csrfToken: AdapterCases = {
  "without a session no token is demanded: nobody needs one to sign in": (set) =>
    set(async ({ browser, send }) => {
      assert.equal((await browser().do("login:ada")).status, 200);
      assertNotSignedIn(await send("POST", "/me"));
      assertNotSignedIn(await send("GET", "/csrf"));
    }, everywhere),

  // Proves ASVS 3.5.1, WSTG-SESS-05, NIST 5.1 requests, OWASP CSRF token.
  "an unsafe request of a session needs its token, a safe one does not": (set) =>
    set(async ({ signedIn, events }) => {
      const ada = await signedIn();
      assertSignedIn(await ada.get("/me"));
      assertRefused(await ada.post("/me"), 403, "csrf");
      assertSignedIn(await ada.post("/me", withHeader(await tokenFor(ada))));
      assert.deepEqual(
        events.flatMap((event) => (event.type === "csrf" ? [event.reason] : [])),
        ["token"],
      );
    }, everywhere),

  "a refusal ends nothing: the verb is not performed and the cookie stays": (set) =>
    set(async ({ signedIn }) => {
      const ada = await signedIn();
      assertRefused(await ada.do("logout"), 403, "csrf");
      assertSignedIn(await ada.get("/me"));
    }, everywhere),

  "the token does not replace the check of the origin": (set) =>
    set(async ({ signedIn }) => {
      const ada = await signedIn();
      const { headers } = withHeader(await tokenFor(ada));
      const foreign = { headers: { ...headers, origin: "https://evil.example" } };
      assertRefused(await ada.post("/me", foreign), 403, "csrf");
    }, everywhere),

  // Proves OWASP CSRF token.
  "each token is masked anew, and all of them are good": (set) =>
    set(async ({ signedIn }) => {
      const ada = await signedIn();
      const tokens = [await tokenFor(ada), await tokenFor(ada), await tokenFor(ada)];
      assert.equal(new Set(tokens).size, 3);
      for (const token of tokens) assertSignedIn(await ada.post("/me", withHeader(token)));
    }, everywhere),

  "nonsense is no token": (set) =>
    set(async ({ signedIn }) => {
      const ada = await signedIn();
      const token = await tokenFor(ada);
      const bent = token.replace(/^./, (first) => (first === "A" ? "B" : "A"));
      for (const nonsense of ["", " ", "null", token.slice(1), `${token}A`, bent, "A".repeat(86), "\u00ff"]) {
        assertRefused(await ada.post("/me", withHeader(nonsense)), 403, "csrf");
      }
      assertRefused(await ada.post("/me", { headers: { "x-csrf-token": [token, token] } }), 403, "csrf");
    }, everywhere),

  // Proves OWASP CSRF token.
  "a token opens only its own session": (set) =>
    set(async ({ signedIn }) => {
      const [ada, adaElsewhere, mallory] = [await signedIn(), await signedIn(), await signedIn("mallory")];
      const token = await tokenFor(mallory);
      assertRefused(await ada.post("/me", withHeader(token)), 403, "csrf");
      assertRefused(await ada.post("/me", withHeader(await tokenFor(adaElsewhere))), 403, "csrf");
    }, everywhere),

  "a token survives renewal and re-authentication": (set) =>
    set(async ({ signedIn }) => {
      const ada = await signedIn();
      const token = await tokenFor(ada);
      cookieOf(await ada.post("/do?verbs=renew", withHeader(token)));
      assertSignedIn(await ada.post("/me", withHeader(token)));
      cookieOf(await ada.post("/do?verbs=reauthenticate", withHeader(token)));
      assertSignedIn(await ada.post("/me", withHeader(token)));
    }, everywhere),

  // Proves OWASP CSRF token.
  "a token dies with its session (CVE-2023-27495, CVE-2023-29020)": (set) =>
    set(async ({ signedIn }) => {
      const ada = await signedIn();
      const token = await tokenFor(ada);
      await ada.post("/do?verbs=login:ada", withHeader(token));
      assertRefused(await ada.post("/me", withHeader(token)), 403, "csrf");
      const next = await tokenFor(ada);
      await ada.post("/do?verbs=logout", withHeader(next));
      assertNotSignedIn(await ada.post("/me", withHeader(next)));
    }, everywhere),

  "a form carries the token in a field, and its handler still reads the others": (set) =>
    set(async ({ signedIn }) => {
      const ada = await signedIn();
      for (const form of [urlencoded, multipart]) {
        const csrf_token = await tokenFor(ada);
        const answer = await ada.post("/form", form({ csrf_token, note: "caf\u00e9 & cr\u00e8me" }));
        assert.equal(answer.status, 200, answer.body);
        assert.equal(answer.json.note, "caf\u00e9 & cr\u00e8me");
        assertRefused(await ada.post("/form", form({ note: "no token" })), 403, "csrf");
        assertRefused(await ada.post("/form", form({ csrf_token: "wrong", note: "" })), 403, "csrf");
      }
    }, everywhere),

  "a body of JSON is still there after the check": (set) =>
    set(async ({ signedIn }) => {
      const ada = await signedIn();
      const { headers } = withHeader(await tokenFor(ada));
      const type = { "content-type": "application/json" };
      const body = '{"amount":3}';
      assert.deepEqual((await ada.post("/json", { headers: { ...headers, ...type }, body })).json, {
        received: { amount: 3 },
      });
      assertRefused(await ada.post("/json", { headers: type, body }), 403, "csrf");
    }, everywhere),

  "a form that is none is refused, not an error": (set) =>
    set(async ({ signedIn }) => {
      const ada = await signedIn();
      for (const type of [
        "multipart/form-data",
        "multipart/form-data; boundary=x",
        "application/x-www-form-urlencoded",
      ]) {
        const headers = { "content-type": type };
        assertRefused(await ada.post("/form", { headers, body: "\u0000--x\r\n%%%" }), 403, "csrf");
      }
      assertRefused(await ada.post("/form", {}), 403, "csrf");
    }, everywhere),

  "a single route can demand the token": (set) =>
    set(async ({ signedIn, send }) => {
      const ada = await signedIn();
      assertSignedIn(await ada.post("/me"));
      assertSignedIn(await ada.get("/form"));
      assertRefused(await ada.post("/form"), 403, "csrf");
      const token = await tokenFor(ada);
      const answer = await ada.post("/form", urlencoded({ csrf_token: token, note: "kept" }));
      assert.equal(answer.json.note, "kept");
      assertNotSignedIn(await send("POST", "/form"));
    }),
};

async function tokenFor(browser: Browser): Promise<string> {
  return (await browser.get("/csrf")).json.csrfToken;
}

function withHeader(token: string): Message & { headers: Record<string, string> } {
  return { headers: { "x-csrf-token": token } };
}

type Fields = Readonly<Record<string, string>>;

function urlencoded(fields: Fields): Message {
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  return { headers, body: new URLSearchParams(fields).toString() };
}

function multipart(fields: Fields): Message {
  const boundary = "----coatcheck";
  const parts = Object.entries(fields).map(
    ([name, value]) => `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  );
  const headers = { "content-type": `multipart/form-data; boundary=${boundary}` };
  return { headers, body: `${parts.join("")}--${boundary}--\r\n` };
}
