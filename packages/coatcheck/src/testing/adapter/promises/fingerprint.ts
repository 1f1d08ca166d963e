/** What becomes of a cookie in another browser than the one that signed in (peers.md §B 27). */
import assert from "node:assert/strict";
import type { FingerprintReaction } from "../../../core/fingerprint-policy.ts";
import type { Answer, Message } from "../../browser.ts";
import type { AdapterCases } from "../case.ts";
import { assertNotSignedIn, assertRefused, assertSignedIn, cookieOf, pairOf } from "../expectations.ts";
import type { Stage, StageOptions } from "../stage.ts";

const firefox = client("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0");
const updated = client("Mozilla/5.0 (X11; Linux x86_64; rv:141.0) Gecko/20100101 Firefox/141.0");
const chrome = client(
  "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36",
);

export const fingerprint: AdapterCases = {
  "another browser with the cookie is reported by default, once, and an update of the browser is not": (
    set,
  ) =>
    set(async (stage) => {
      const { use } = await signedIn(stage);
      for (const browser of [updated, chrome, chrome, firefox]) assertSignedIn(await use("/me", browser));
      assert.deepEqual(reactionsIn(stage), ["report"]);
    }),

  "under reject another browser is not signed in, and the session lives on for its own": (set) =>
    set(async (stage) => {
      const { use } = await signedIn(stage);
      assertNotSignedIn(await use("/me", chrome));
      assert.deepEqual((await use("/maybe", chrome)).json, { userId: null, same: true });
      assertSignedIn(await use("/me", updated));
      assert.deepEqual(reactionsIn(stage), ["reject"]);
    }, onMismatch("reject")),

  "under reject another browser can sign the session out, for good, and a sign-in there takes its place": (
    set,
  ) =>
    set(async (stage) => {
      for (const [verb, reason] of [
        ["logout", "logout"],
        ["login:ada", "replaced"],
      ] as const) {
        const { use } = await signedIn(stage);
        assert.equal((await use(`/do?verbs=${verb}`, chrome)).status, 200);
        assertNotSignedIn(await use("/me", firefox), reason);
      }
    }, onMismatch("reject")),

  "under reject a browser is its own, however its name is kept": (set) =>
    set(async (stage) => {
      // Cut to 512 characters, and without what cannot be printed.
      const long = client(`Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0 \u0085${"x".repeat(600)}`);
      const { use } = await signedIn(stage, "ada", long);
      for (const browser of [long, long, firefox]) assertSignedIn(await use("/me", browser));
      assertNotSignedIn(await use("/me", chrome));
    }, onMismatch("reject")),

  "under revoke a copied cookie ends the session, and both browsers are told why": (set) =>
    set(async (stage) => {
      const { use } = await signedIn(stage);
      assertSignedIn(await use("/me", updated));
      assertNotSignedIn(await use("/me", chrome), "fingerprint");
      assertNotSignedIn(await use("/me", firefox), "fingerprint");
      assertNotSignedIn(await use("/me", chrome), "fingerprint");
      assert.deepEqual(reactionsIn(stage), ["revoke"]);
    }, onMismatch("revoke")),

  "under reject and revoke a program that says nothing of itself is another browser, too": (set) =>
    set(async (stage) => {
      const { use } = await signedIn(stage);
      assertNotSignedIn(await use("/me", {}));
      assertSignedIn(await use("/me", firefox));
    }, onMismatch("reject")),

  "under step-up ordinary doors are closed to another browser, and a bare session() is nobody's": (set) =>
    set(async (stage) => {
      const { use } = await signedIn(stage, "admin");
      for (const path of ["/me", "/recent", "/admin", "/form"]) {
        assertRefused(await use(path, chrome), 403, "reauth-required");
      }
      assert.deepEqual((await use("/maybe", chrome)).json, { userId: null, same: true });
      for (const verb of ["renew", "set:a"]) assertNotSignedIn(await use(`/do?verbs=${verb}`, chrome));
      assert.deepEqual((await use("/do?verbs=locked", chrome)).json, { results: ["admin"] });
      assertSignedIn(await use("/me", firefox), "admin");
      assert.deepEqual((await use("/do?verbs=locked", firefox)).json, { results: [null] });
    }, onMismatch("step-up")),

  "under step-up the doors open again when the user proves who they are": (set) =>
    set(async (stage) => {
      const { use } = await signedIn(stage);
      const answer = await use("/do?verbs=reauthenticate,ask", chrome);
      assert.deepEqual(answer.json, { results: ["ada", "ada"] });
      const cookie = pairOf(answer);
      const now = (path: string, { headers }: Message) =>
        stage.send("GET", path, { headers: headers!, cookie });
      assertSignedIn(await now("/me", chrome));
      assertSignedIn(await now("/recent", chrome));
      assertRefused(await now("/me", firefox), 403, "reauth-required");
    }, onMismatch("step-up")),

  "under step-up a locked session can be signed out, for good": (set) =>
    set(async (stage) => {
      const { use } = await signedIn(stage);
      assert.match(cookieOf(await use("/do?verbs=logout", chrome)), /Max-Age=0/);
      assertNotSignedIn(await use("/me", firefox), "logout");
    }, onMismatch("step-up")),

  "under step-up a sign-in takes the place of the locked session": (set) =>
    set(async (stage) => {
      const { use } = await signedIn(stage);
      await use("/do?verbs=login:ada", chrome);
      assertNotSignedIn(await use("/me", firefox), "replaced");
      assert.equal((await stage.sessions.list("ada")).length, 1);
    }, onMismatch("step-up")),

  "under step-up a locked session has a CSRF token, and re-authentication demands it": (set) =>
    set(
      async (stage) => {
        const { use } = await signedIn(stage);
        assertRefused(await use("/do?verbs=reauthenticate", chrome), 403, "csrf");
        const { csrfToken } = (await use("/csrf", chrome)).json;
        const headers = { ...chrome.headers, "x-csrf-token": csrfToken };
        assert.equal((await use("/do?verbs=reauthenticate", { headers })).status, 200);
      },
      { ...onMismatch("step-up"), auth: { csrf: "token" } },
    ),

  "strict signals are whole headers, and none of them is kept": (set) =>
    set(
      async (stage) => {
        const headers = { ...firefox.headers, "accept-encoding": "gzip, br" };
        const { use } = await signedIn(stage, "ada", { headers });
        assertSignedIn(await use("/me", { headers }));
        for (const other of [
          { ...headers, "accept-encoding": "gzip" },
          { ...headers, "accept-language": "en" },
          { ...headers, ...updated.headers },
        ]) {
          assertNotSignedIn(await use("/me", { headers: other }));
        }
        const [session] = await stage.sessions.list("ada");
        assert.ok(!JSON.stringify(session).includes("gzip"));
      },
      { policy: { fingerprint: { signals: "strict", onMismatch: "reject" } } },
    ),
};

function client(userAgent: string): Required<Pick<Message, "headers">> {
  return { headers: { "user-agent": userAgent, "accept-language": "en-GB,en;q=0.5" } };
}

function onMismatch(reaction: FingerprintReaction): StageOptions {
  return { policy: { fingerprint: { onMismatch: reaction } } };
}

/** Signs in with one browser; gives the way to use its cookie in any: `/do` by POST, all else by GET. */
async function signedIn(
  { send }: Stage,
  userId = "ada",
  from: Message = firefox,
): Promise<{ use(path: string, from: Message): Promise<Answer> }> {
  const cookie = pairOf(await send("POST", `/do?verbs=login:${userId}`, from));
  return {
    use: (path, message) => send(path.startsWith("/do") ? "POST" : "GET", path, { ...message, cookie }),
  };
}

function reactionsIn({ events }: Stage): FingerprintReaction[] {
  return events.flatMap((event) => (event.type === "fingerprint" ? [event.reaction] : []));
}
