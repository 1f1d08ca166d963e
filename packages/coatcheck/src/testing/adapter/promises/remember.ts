/** A remembered browser comes back without signing in, once for all its tabs, and stays out when it is ended. */
import assert from "node:assert/strict";
import type { Answer } from "../../browser.ts";
import type { AdapterCase, AdapterCases } from "../case.ts";
import { assertNotSignedIn, assertRefused, assertSignedIn, assertUnavailable } from "../expectations.ts";
import { Gate } from "../gate.ts";
import type { Stage } from "../stage.ts";
import type { Visitor } from "../visitor.ts";
import { down, working } from "../watched-store.ts";

const grace = 30_000;
const day = 24 * 60 * 60_000;
const tabs = 10;

export const remember: AdapterCases = {
  "a remembered browser comes back in the request that demands a session": (set) =>
    set(async (stage) => {
      const { ada, events } = await asleep(stage);
      const answer = await ada.get("/me");
      assertSignedIn(answer);
      assert.deepEqual(answer.json.data, {}, "A session that begins without a sign-in has no data");
      assert.deepEqual(answer.setCookies.map(nameOf).sort(), ["__Host-remember", "__Host-session"]);
      assert.match(cookieNamed("__Host-remember", answer), attributes(29 * day));
      assert.equal(answer.headers["cache-control"], "no-store");
      const next = await ada.get("/me");
      assertSignedIn(next);
      assert.deepEqual(next.setCookies, []);
      assert.deepEqual(amrs(events), [["pwd"], ["remember"]]);
    }),

  "a remembered browser comes back in a request that merely asks": (set) =>
    set(async (stage) => {
      const { ada } = await asleep(stage);
      const answer = await ada.get("/maybe");
      assert.deepEqual(answer.json, { userId: "ada", same: true });
      assert.equal(answer.setCookies.length, 2);
    }),

  "a request that ignores its session brings nobody back": (set) =>
    set(async (stage) => {
      const { ada, store } = await asleep(stage);
      store.operations.length = 0;
      assert.deepEqual((await ada.get("/public")).setCookies, []);
      assert.deepEqual(store.operations, []);
    }),

  "with a live session the remember cookie costs nothing": (set) =>
    set(async ({ browser, store }) => {
      const ada = browser();
      await ada.do("remember:ada");
      store.operations.length = 0;
      const answer = await ada.get("/me");
      assertSignedIn(answer);
      assert.deepEqual(answer.setCookies, []);
      assert.deepEqual(store.operations, ["find"]);
    }),

  "ten tabs restored at browser start all succeed, end with one session and one next token, and raise no alarm (CookieTheftException, spring-security#2648)":
    (set) =>
      set(async (stage) => {
        const { ada, sessions, clock, events } = await asleep(stage);
        const restored = { cookie: rememberPair(ada) };
        const answers = await Promise.all(Array.from({ length: tabs }, () => ada.get("/me", restored)));
        for (const answer of answers) assertSignedIn(answer);
        const sent = new Set(answers.flatMap(({ setCookies }) => setCookies));
        assert.equal(sent.size, 2, "One session, and one next token");
        assert.equal((await sessions.list("ada")).length, 1);
        assertSignedIn(await ada.get("/me"));
        clock.advance(grace);
        assertSignedIn(await ada.get("/me"));
        clock.advance(day);
        assertSignedIn(await ada.get("/me"));
        assert.ok(!events.some(({ type }) => type === "theft" || type === "revoked"));
      }),

  "lost answers cost nothing, however often they are lost": (set) =>
    set(async (stage) => {
      const { ada, clock, events } = await asleep(stage);
      const lost = await ada.lose("GET", "/me");
      assertSignedIn(lost);
      clock.advance(20 * 60_000);
      const again = await ada.lose("GET", "/me");
      assert.deepEqual(again.setCookies.map(pairOf), lost.setCookies.map(pairOf));
      assertSignedIn(await ada.get("/me"));
      assertSignedIn(await ada.get("/me"));
      clock.advance(day);
      assertSignedIn(await ada.get("/me"));
      assert.ok(!events.some(({ type }) => type === "theft"));
    }),

  // Proves WSTG-ATHN-05.
  "an old remember token after its grace is theft although the session lives, and nobody comes back": (set) =>
    set(async (stage) => {
      const { ada, clock, send, sessions, events } = await asleep(stage);
      const cookie = rememberPair(ada);
      assertSignedIn(await ada.get("/me"));
      assertSignedIn(await ada.get("/me"));
      clock.advance(grace - 1);
      assertSignedIn(await send("GET", "/me", { cookie }));
      clock.advance(1);
      assertNotSignedIn(await send("GET", "/me", { cookie }), "theft");
      assertNotSignedIn(await ada.get("/me"), "theft");
      assertNotSignedIn(await send("GET", "/me", { cookie: rememberPair(ada) }));
      assert.deepEqual(await sessions.devices("ada"), { sessions: [], dormant: [] });
      assert.equal(events.filter(({ type }) => type === "theft").length, 1);
    }),

  "an invented remember token opens nothing, ends nothing and is told (CVE-2022-39263)": (set) =>
    set(async (stage) => {
      const { ada, send, events } = await asleep(stage);
      const [id] = rememberPair(ada).split(".");
      for (const cookie of [`${id}.${"A".repeat(22)}.${"A".repeat(43)}`, `${id}`, "__Host-remember="]) {
        assertNotSignedIn(await send("GET", "/me", { cookie }));
        assert.equal((await send("POST", "/do?verbs=logout", { cookie })).status, 200);
      }
      assertNotSignedIn(await send("GET", "/me", { cookie: `${rememberPair(ada)}; ${rememberPair(ada)}` }));
      const told = events.flatMap((event) =>
        event.type === "rejected" && event.remember ? [event.reason] : [],
      );
      assert.equal(told.length, 7);
      assert.equal(told.at(-1), "duplicate");
      assertSignedIn(await ada.get("/me"));
    }),

  // Proves WSTG-ATHN-05, NIST 5.1 erasure.
  "sign-out forgets the browser and clears both cookies, also when its session is long gone": (set) =>
    set(async (stage) => {
      const { ada, send, sessions } = await asleep(stage);
      const cookie = ada.cookie!;
      const answer = await ada.do("logout");
      assert.equal(
        cookieNamed("__Host-remember", answer),
        "__Host-remember=; HttpOnly; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; SameSite=Lax; Path=/; Secure",
      );
      assert.equal(ada.cookie, undefined);
      assertNotSignedIn(await send("GET", "/me", { cookie }), "logout");
      assert.deepEqual(await sessions.devices("ada"), { sessions: [], dormant: [] });
    }),

  "signing in without being remembered forgets the browser": (set) =>
    set(async (stage) => {
      const { ada, send } = await asleep(stage);
      const cookie = rememberPair(ada);
      const answer = await ada.do("login:ada");
      assert.match(cookieNamed("__Host-remember", answer), /Max-Age=0/);
      assertNotSignedIn(await send("GET", "/me", { cookie }));
      assertSignedIn(await ada.get("/me"));
    }),

  "a device that is ended while it comes back stays out": endedOnTheWay("remember.update"),
  "a device that is ended when it has nearly come back stays out": endedOnTheWay("insert"),

  "a slow answer to a remembered browser does not overwrite the cookies of a newer sign-in": (set) =>
    set(async (stage) => {
      const { ada, gate, clock } = await asleep(stage);
      const slow = ada.lose("POST", "/do?verbs=ask,wait");
      await gate.reached;
      await ada.do("remember:bob");
      gate.open();
      const late = await slow;
      assert.deepEqual(late.setCookies, []);
      clock.advance(day);
      assertSignedIn(await ada.get("/me"), "bob");
    }),

  "while the remembered browsers cannot be asked, who needs them gets 503 and keeps the cookies": (set) =>
    set(async (stage) => {
      const { ada, store, signedIn, browser } = await asleep(stage);
      const other = await signedIn("bob");
      store.interfere = (operation) => (operation.startsWith("remember.") ? down(operation) : undefined);
      assertUnavailable(await ada.get("/me"));
      assertUnavailable(await ada.get("/maybe"));
      assertUnavailable(await ada.do("logout"));
      assertSignedIn(await other.get("/me"), "bob");
      assert.equal((await browser().get("/maybe")).status, 200);
      store.interfere = working;
      assertSignedIn(await ada.get("/me"));
    }),

  "an outage in the middle of a re-authentication signs nobody out": (set) =>
    set(async ({ browser, store, clock }) => {
      const ada = browser();
      await ada.do("remember:ada");
      store.interfere = (operation) => (operation === "remember.update" ? down(operation) : undefined);
      assert.equal((await ada.do("reauthenticate")).status, 503);
      store.interfere = working;
      clock.advance(grace);
      assertSignedIn(await ada.get("/me"));
      clock.advance(day);
      assertSignedIn(await ada.get("/me"));
    }),

  // Proves NIST 5.1 remembering.
  "a remembered browser is never recent": (set) =>
    set(async ({ browser, send }) => {
      const ada = browser();
      await ada.do("remember:ada");
      assertSignedIn(await ada.get("/recent"));
      const answer = await send("GET", "/recent", { cookie: rememberPair(ada) });
      assert.equal(answer.status, 403);
      assert.equal(answer.json.type, "urn:coatcheck:problem:reauth-required");
    }),

  "a browser that comes back needs the CSRF token of its new session for unsafe requests": (set) =>
    set(
      async (stage) => {
        const { ada } = await asleep(stage);
        const refused = await ada.post("/me");
        assert.equal(refused.status, 403);
        assert.equal(refused.json.type, "urn:coatcheck:problem:csrf");
        const { csrfToken } = (await ada.get("/csrf")).json;
        assertSignedIn(await ada.post("/me", { headers: { "x-csrf-token": csrfToken } }));
      },
      { auth: { csrf: "token" } },
    ),

  "where cookies are sealed the remember cookie is, and a plain one opens nothing (CVE-2026-39324)": (set) =>
    set(
      async (stage) => {
        const { ada, send, store } = await asleep(stage);
        assert.doesNotMatch(ada.cookie!, /\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}/);
        assertSignedIn(await ada.get("/me"));
        store.operations.length = 0;
        const plain = `__Host-remember=${"A".repeat(25)}.${"A".repeat(22)}.${"A".repeat(43)}`;
        assertRefused(await send("GET", "/me", { cookie: plain }), 401, "not-signed-in");
        const swapped = rememberPair(ada).replace("remember", "session");
        assertRefused(await send("GET", "/me", { cookie: swapped }), 401, "not-signed-in");
        assert.deepEqual(store.operations, []);
      },
      { auth: { seal: true, keys: [`1:${"A".repeat(43)}`] } },
    ),

  "where clients refuse Secure cookies on localhost, the remember cookie is a plain one too": (set) =>
    set(
      async ({ browser, clock }) => {
        const ada = browser();
        await ada.do("remember:ada");
        clock.advance(day);
        const answer = await ada.get("/me");
        assertSignedIn(answer);
        assert.deepEqual(answer.setCookies.map(nameOf).sort(), ["remember", "session"]);
        assert.ok(!answer.setCookies.some((text) => text.includes("Secure")));
      },
      { auth: { insecureCookieForLocalhost: true } },
    ),

  "a cookie name of the application's own has its own companion": (set) =>
    set(
      async ({ browser, clock }) => {
        const ada = browser();
        await ada.do("remember:ada");
        clock.advance(day);
        const answer = await ada.get("/me");
        assertSignedIn(answer);
        assert.deepEqual(answer.setCookies.map(nameOf).sort(), ["__Host-shop", "__Host-shop-remember"]);
      },
      { auth: { cookie: { name: "__Host-shop", sameSite: "strict" } } },
    ),
};

/** A browser that was remembered a day ago, and whose session has died since. */
async function asleep(stage: Stage): Promise<Stage & { readonly ada: Visitor }> {
  const ada = stage.browser();
  assert.equal((await ada.do("remember:ada")).setCookies.length, 2);
  stage.clock.advance(day);
  return { ...stage, ada };
}

/** Another hand signs the device out while the request that brings it back is held up before this operation. */
function endedOnTheWay(heldUp: "remember.update" | "insert"): AdapterCase {
  return (set) =>
    set(async (stage) => {
      const { ada, store, sessions } = await asleep(stage);
      const gate = new Gate();
      store.interfere = (operation) => (operation === heldUp ? gate.pass() : undefined);
      const slow = ada.get("/me");
      await gate.reached;
      assert.equal(await sessions.revokeAll("ada"), 1);
      gate.open();
      store.interfere = working;
      assertNotSignedIn(await slow, "expired");
      assertNotSignedIn(await ada.get("/me"), "revoked");
      assert.deepEqual(await sessions.devices("ada"), { sessions: [], dormant: [] });
    });
}

function amrs(events: Stage["events"]): (readonly string[])[] {
  return events.flatMap((event) => (event.type === "created" ? [event.amr] : []));
}

function attributes(lifetime: number): RegExp {
  return new RegExp(`; HttpOnly; Max-Age=${lifetime / 1000}; SameSite=Lax; Path=/; Secure$`);
}

function cookieNamed(name: string, { setCookies }: Answer): string {
  const cookie = setCookies.find((text) => nameOf(text) === name);
  assert.ok(cookie, `There is no ${name}`);
  return cookie;
}

function nameOf(setCookie: string): string {
  return setCookie.split("=", 1)[0]!;
}

function pairOf(setCookie: string): string {
  return setCookie.split(";", 1)[0]!;
}

/** What the browser sends when its session cookie is gone. */
function rememberPair({ cookie }: Visitor): string {
  return cookie!.split("; ").find((pair) => nameOf(pair) === "__Host-remember")!;
}
