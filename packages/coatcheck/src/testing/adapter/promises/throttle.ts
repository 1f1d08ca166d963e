/** Promises about guessing: passwords, and tokens. */
import assert from "node:assert/strict";
import { SessionToken } from "../../../core/token.ts";
import { generateKey } from "../../../http/key-ring.ts";
import type { Answer } from "../../browser.ts";
import type { AdapterCases } from "../case.ts";
import { assertNotSignedIn, assertRefused, assertSignedIn, assertUnavailable } from "../expectations.ts";
import type { Stage, StageOptions } from "../stage.ts";
import type { Visitor } from "../visitor.ts";
import { down } from "../watched-store.ts";

const behindProxy: StageOptions = { auth: { trustedProxies: ["loopback"] } };
const withKeys: StageOptions = { auth: { keys: [generateKey()] } };
const fewGuesses: StageOptions = {
  auth: { trustedProxies: ["loopback"], throttle: { garbagePerMinute: 10 } },
};
const perAddress = 50;

export const throttle: AdapterCases = {
  // Proves ASVS 6.3.1, ASVS 2.4.1, RFC 9110 §10.2.3.
  "an attempt counts as failed until its sign-in: the sixth has to wait": (set) =>
    set(async ({ browser, clock }) => {
      await fail(browser(), "ada", 5);
      assertThrottled(await browser().do("attempt:ada"), 1);
      clock.advance(1_000);
      assertAllowed(await browser().do("attempt:ada"));
      assertThrottled(await browser().do("attempt:ada"), 2);
      assertAllowed(await browser().do("attempt:bob"));
    }),

  "of two hundred attempts at once no more than are allowed get past (CVE-2019-5421)": (set) =>
    set(async ({ send }) => {
      const crowd = Array.from({ length: 200 }, () => send("POST", "/do?verbs=attempt:ada"));
      const answers = await Promise.all(crowd);
      assert.equal(answers.filter((answer) => problemIn(answer) === null).length, 5);
    }),

  "a sign-in forgets the failures of its account": (set) =>
    set(async ({ browser }) => {
      for (const _ of [1, 2]) {
        await fail(browser(), "ada", 4);
        assertAllowed(await browser().do("attempt:ada", "login:ada"));
      }
      await fail(browser(), "ada", 5);
      assertThrottled(await browser().do("attempt:ada"), 1);
    }),

  "spelling an account otherwise buys no further guesses": (set) =>
    set(async ({ send }) => {
      for (const account of ["ada", "ADA", "%20Ada%20", "%EF%BD%81da", "aDa"]) {
        assertAllowed(await send("POST", `/do?verbs=attempt:${account}`));
      }
      assertThrottled(await send("POST", "/do?verbs=attempt:ada"), 1);
    }),

  "an address has a budget of its own, which a sign-in does not renew": (set) =>
    set(async (stage) => {
      const at = attemptsFrom(stage);
      for (let n = 0; n < perAddress - 1; n++) assertAllowed(await at("198.51.100.7", `attempt:user${n}`));
      assertAllowed(await at("198.51.100.7", "attempt:eve,login:eve"));
      assertAllowed(await at("198.51.100.7", "attempt:ada"));
      assertThrottled(await at("198.51.100.7", "attempt:bob"), 1);
      assertAllowed(await at("198.51.100.8", "attempt:bob"));
    }, behindProxy),

  "no spelling of an address, and no other of its /64, evades its budget (CVE-2026-45364)": (set) =>
    set(async (stage) => {
      const at = attemptsFrom(stage);
      const spellings = ["2001:db8:0:7::1", "2001:DB8:0:7:0::2", "2001:0db8:0000:0007:ffff:1:2:3"];
      for (let n = 0; n < perAddress; n++) assertAllowed(await at(spellings[n % 3]!, `attempt:user${n}`));
      for (const address of spellings) assertThrottled(await at(address, "attempt:ada"), 1);
      assertAllowed(await at("2001:db8:0:8::1", "attempt:ada"));
      for (let n = 0; n < perAddress; n++) assertAllowed(await at("192.0.2.9", `attempt:other${n}`));
      assertThrottled(await at("::ffff:192.0.2.9", "attempt:ada"), 1);
    }, behindProxy),

  // Proves ASVS 15.3.4.
  "a header of somebody who is no declared proxy buys no further guesses (ASVS 4.1.3)": (set) =>
    set(async (stage) => {
      const at = attemptsFrom(stage);
      for (let n = 0; n < perAddress; n++) assertAllowed(await at(`192.0.2.${n}`, `attempt:user${n}`));
      assertThrottled(await at("192.0.2.77", "attempt:ada"), 1);
    }),

  "who is refused by address locks nobody's account": (set) =>
    set(async (stage) => {
      const at = attemptsFrom(stage);
      for (let n = 0; n < perAddress; n++) await at("198.51.100.7", `attempt:user${n}`);
      for (let n = 0; n < 10; n++) assertThrottled(await at("198.51.100.7", "attempt:ada"), 1);
      await fail(stage.browser(), "ada", 5);
    }, behindProxy),

  // Proves ASVS 6.3.1, WSTG-ATHN-03.
  "a known device is not locked out by somebody else's failures": (set) =>
    set(async ({ browser }) => {
      const owner = browser();
      const signIn = await owner.do("attempt:ada", "login:ada");
      assert.deepEqual(signIn.setCookies.map((cookie) => cookie.split("=")[0]).sort(), [
        "__Host-device",
        "__Host-session",
      ]);
      await owner.do("logout");
      await fail(browser(), "ada", 5);
      assertThrottled(await browser().do("attempt:ada"), 1);
      assertAllowed(await owner.do("attempt:ada", "login:ada"));
    }, withKeys),

  "a known device is told its own wait, however long somebody else has locked the account for others": (
    set,
  ) =>
    set(
      async ({ browser, clock }) => {
        const owner = browser();
        await owner.do("attempt:ada", "login:ada");
        await owner.do("logout");
        await fail(browser(), "ada", 5);
        await fail(owner, "ada", 5);
        assertThrottled(await owner.do("attempt:ada"), 1);
        clock.advance(1_000);
        assertAllowed(await owner.do("attempt:ada", "login:ada"));
      },
      { auth: { ...withKeys.auth, throttle: { account: { cap: 5 } } } },
    ),

  "the device's cookie lives for 400 days, and opens nothing": (set) =>
    set(async ({ browser, send }) => {
      const owner = browser();
      const { setCookies } = await owner.do("attempt:ada", "login:ada");
      const cookie = setCookies.find((each) => each.startsWith("__Host-device="))!;
      assert.match(cookie, /; HttpOnly; Max-Age=34560000; SameSite=Lax; Path=\/; Secure$/);
      assertNotSignedIn(await send("GET", "/me", { cookie: cookie.split(";")[0]! }));
    }, withKeys),

  "a copied device cookie buys ten guesses, and costs its owner none": (set) =>
    set(
      async ({ browser, clock }) => {
        const owner = browser();
        await owner.do("attempt:ada", "login:ada");
        const copy = { cookie: owner.cookie! };
        await owner.do("attempt:ada", "login:ada");
        await fail(browser(), "ada", 5);
        let guesses = 0;
        for (let quarters = 0; quarters < 20; quarters++) {
          const answer = await browser().post("/do?verbs=attempt:ada", copy);
          if (problemIn(answer) === null) guesses++;
          clock.advance(15 * 60_000);
        }
        assert.equal(guesses, 10);
        assertAllowed(await owner.do("attempt:ada", "login:ada"));
      },
      { auth: { ...withKeys.auth, throttle: { account: { cap: 5 } } } },
    ),

  "who knows a device by one account does not know it by another": (set) =>
    set(async ({ browser }) => {
      const eve = browser();
      await eve.do("attempt:eve", "login:eve");
      await fail(eve, "ada", 5);
      assertThrottled(await eve.do("attempt:ada"), 1);
    }, withKeys),

  "re-authentication counts as well": (set) =>
    set(async ({ signedIn }) => {
      const ada = await signedIn();
      await fail(ada, "ada", 4);
      assertAllowed(await ada.do("attempt:ada", "reauthenticate"));
      await fail(ada, "ada", 5);
      assertThrottled(await ada.do("attempt:ada"), 1);
    }),

  "without an attempt nothing is counted, and no other cookie set": (set) =>
    set(async ({ browser, store }) => {
      const answer = await browser().do("login:ada");
      assert.equal(answer.setCookies.length, 1);
      assert.deepEqual(
        store.operations.filter((operation) => operation.startsWith("throttle")),
        [],
      );
    }, withKeys),

  "while attempts cannot be counted none is made": (set) =>
    set(async ({ browser, store }) => {
      store.interfere = (operation) => (operation === "throttle.attempt" ? down(operation) : undefined);
      assertUnavailable(await browser().do("attempt:ada", "login:ada"));
    }),

  "a sign-in stands although its failures cannot be forgotten": (set) =>
    set(async ({ browser, store, warnings }) => {
      store.interfere = (operation) => (operation === "throttle.reset" ? down(operation) : undefined);
      const ada = browser();
      assert.equal((await ada.do("attempt:ada", "login:ada")).status, 200);
      assertSignedIn(await ada.get("/me"));
      assert.equal(warnings.length, 1);
    }),

  // Proves ASVS 16.3.1, ASVS 16.3.3.
  "refused attempts are told, without what was submitted": (set) =>
    set(async ({ browser, events }) => {
      await fail(browser(), "hunter2", 5);
      await browser().do("attempt:hunter2");
      const told = events.filter(({ type }) => type === "throttled");
      assert.equal(told.length, 1);
      assert.ok(!JSON.stringify(told).includes("hunter2"));
    }),

  // Proves ASVS 2.4.1, WSTG-SESS-01.
  "who invents tokens is answered 429 before any store call": (set) =>
    set(async (stage) => {
      for (let n = 0; n < 10; n++) assertNotSignedIn(await meFrom(stage, "192.0.2.1", invented()));
      stage.store.operations.length = 0;
      for (const cookie of [invented(), "__Host-session=nonsense", "__Host-session="]) {
        const answer = await meFrom(stage, "192.0.2.1", cookie);
        assertRefused(answer, 429, "too-many-attempts");
        assert.match(String(answer.headers["retry-after"]), /^[1-9][0-9]*$/);
      }
      assert.deepEqual(stage.store.operations, []);
      assertNotSignedIn(await meFrom(stage, "192.0.2.2", invented()));
      assert.equal(stage.events.filter(({ type }) => type === "throttled").length, 1, "Told once");
    }, fewGuesses),

  "what is no token counts as well": (set) =>
    set(async (stage) => {
      for (let n = 0; n < 10; n++) assertNotSignedIn(await meFrom(stage, "192.0.2.1", "__Host-session=x"));
      assertRefused(await meFrom(stage, "192.0.2.1", "__Host-session=x"), 429, "too-many-attempts");
    }, fewGuesses),

  "invented tokens of remembered browsers count as well": (set) =>
    set(async (stage) => {
      const remembered = () => invented().replace("session", "remember");
      for (let n = 0; n < 10; n++) assertNotSignedIn(await meFrom(stage, "192.0.2.1", remembered()));
      stage.store.operations.length = 0;
      assertRefused(await meFrom(stage, "192.0.2.1", remembered()), 429, "too-many-attempts");
      assertRefused(await meFrom(stage, "192.0.2.1", invented()), 429, "too-many-attempts");
      const headers = { "x-forwarded-for": "192.0.2.1" };
      const logout = await stage.send("POST", "/do?verbs=logout", { cookie: remembered(), headers });
      assertRefused(logout, 429, "too-many-attempts");
      assert.deepEqual(stage.store.operations, []);
    }, fewGuesses),

  "the same address without a token is not refused": (set) =>
    set(async (stage) => {
      await inventTokens(stage);
      assertNotSignedIn(await meFrom(stage, "192.0.2.1", undefined));
      const login = { headers: { "x-forwarded-for": "192.0.2.1" }, cookie: invented() };
      assert.equal((await stage.send("POST", "/do?verbs=login:ada", login)).status, 200);
    }, fewGuesses),

  "sessions that were seen from the address since the first garbage still pass": (set) =>
    set(async (stage) => {
      const [early, late] = [await cookieOfAda(stage), await cookieOfAda(stage)];
      await meFrom(stage, "192.0.2.1", invented());
      assertSignedIn(await meFrom(stage, "192.0.2.1", early));
      await inventTokens(stage);
      assertSignedIn(await meFrom(stage, "192.0.2.1", early));
      assertRefused(await meFrom(stage, "192.0.2.1", late), 429, "too-many-attempts");
      const fresh = await cookieOfAda(stage, "192.0.2.1");
      assertSignedIn(await meFrom(stage, "192.0.2.1", fresh));
      assertSignedIn(await meFrom(stage, "192.0.2.2", late));
    }, fewGuesses),

  "with sealed tickets every session from the address passes, and every remembered browser: nobody can invent one":
    (set) =>
      set(
        async (stage) => {
          const [awake, asleep] = [await cookieOfAda(stage), await rememberCookieOfAda(stage)];
          await inventTokens(stage);
          assertSignedIn(await meFrom(stage, "192.0.2.1", awake));
          assertSignedIn(await meFrom(stage, "192.0.2.1", asleep));
          assertRefused(await meFrom(stage, "192.0.2.1", invented()), 429, "too-many-attempts");
        },
        { auth: { ...fewGuesses.auth, ...withKeys.auth, seal: true } },
      ),

  "a session that was not looked up is unknown, not signed out": (set) =>
    set(async (stage) => {
      const cookie = await cookieOfAda(stage);
      await inventTokens(stage);
      const headers = { "x-forwarded-for": "192.0.2.1" };
      const open = await stage.send("GET", "/maybe", { cookie, headers });
      assert.deepEqual([open.status, open.json.userId], [200, null]);
      for (const verb of ["logout", "renew", "reauthenticate"]) {
        const answer = await stage.send("POST", `/do?verbs=${verb}`, { cookie, headers });
        assertRefused(answer, 429, "too-many-attempts");
      }
      stage.clock.advance(60_000);
      assertSignedIn(await stage.send("GET", "/me", { cookie, headers }));
    }, fewGuesses),

  "sessions that ended are no garbage": (set) =>
    set(async (stage) => {
      const ada = await stage.signedIn();
      const cookie = ada.cookie!;
      await ada.do("logout");
      for (let n = 0; n < 30; n++) assertNotSignedIn(await meFrom(stage, "192.0.2.1", cookie), "logout");
      const expired = await cookieOfAda(stage);
      stage.clock.advance(13 * 60 * 60_000);
      for (let n = 0; n < 30; n++) assertNotSignedIn(await meFrom(stage, "192.0.2.1", expired), "expired");
    }, fewGuesses),

  "after a minute without garbage an address is as any other": (set) =>
    set(async (stage) => {
      await inventTokens(stage);
      stage.clock.advance(60_000);
      for (let n = 0; n < 10; n++) assertNotSignedIn(await meFrom(stage, "192.0.2.1", invented()));
    }, fewGuesses),
};

/** So many attempts that are allowed, and fail. */
async function fail(browser: Visitor, account: string, times: number): Promise<void> {
  for (let n = 0; n < times; n++) assertAllowed(await browser.do(`attempt:${account}`));
}

function problemIn(answer: Answer, at = 0): { status: number; retryAfter: number; type: string } | null {
  assert.equal(answer.status, 200, answer.body);
  return answer.json.results[at];
}

function assertAllowed(answer: Answer): void {
  assert.equal(problemIn(answer), null);
}

/** The problem says nothing but how long to wait, in seconds. */
function assertThrottled(answer: Answer, retryAfter: number): void {
  assert.deepEqual(problemIn(answer), {
    type: "urn:coatcheck:problem:too-many-attempts",
    title: "Too many attempts",
    status: 429,
    detail: "Too many attempts failed. Wait, then try again.",
    retryAfter,
  });
}

function attemptsFrom({ send }: Stage): (address: string, verbs: string) => Promise<Answer> {
  return (address, verbs) => send("POST", `/do?verbs=${verbs}`, { headers: { "x-forwarded-for": address } });
}

function invented(): string {
  return `__Host-session=${SessionToken.generate("ada").reveal()}`;
}

function meFrom({ send }: Stage, address: string, cookie: string | undefined): Promise<Answer> {
  const headers = { "x-forwarded-for": address };
  return send("GET", "/me", { headers, ...(cookie !== undefined && { cookie }) });
}

async function inventTokens(stage: Stage): Promise<void> {
  let answer: Answer;
  do answer = await meFrom(stage, "192.0.2.1", invented());
  while (answer.status !== 429);
}

async function cookieOfAda({ send }: Stage, address = "192.0.2.3"): Promise<string> {
  const headers = { "x-forwarded-for": address };
  const { setCookies } = await send("POST", "/do?verbs=login:ada", { headers });
  return setCookies[0]!.split(";")[0]!;
}

async function rememberCookieOfAda({ send }: Stage): Promise<string> {
  const { setCookies } = await send("POST", "/do?verbs=remember:ada");
  return setCookies.find((each) => each.startsWith("__Host-remember="))!.split(";")[0]!;
}
