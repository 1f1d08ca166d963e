/** P4: renewal never signs anyone out, and a copied cookie that comes back late is theft. */
import assert from "node:assert/strict";
import type { AdapterCase, AdapterCases } from "../case.ts";
import { assertNotSignedIn, assertSignedIn, cookieOf, pairOf, tokenOf } from "../expectations.ts";
import type { Stage, StageOptions } from "../stage.ts";

const renewAfter = 10 * 60_000;
const grace = 30_000;
const often: StageOptions = { policy: { renewAfter, grace } };

/** What a browser sends in parallel when a page opens. */
const parallel = 8;

export const renewal: AdapterCases = {
  "a secret that is due is replaced on the way, in the same session": (set) =>
    set(async ({ browser, clock }) => {
      const ada = browser();
      const before = tokenOf(await ada.do("login:ada"));
      assert.deepEqual((await ada.get("/me")).setCookies, []);
      clock.advance(renewAfter);
      const answer = await ada.get("/me");
      assertSignedIn(answer);
      assert.equal(tokenOf(answer).id, before.id);
      assert.notEqual(tokenOf(answer).reveal(), before.reveal());
      assert.equal(answer.headers["cache-control"], "no-store");
      assert.deepEqual((await ada.get("/me")).setCookies, [], "The successor was seen: nothing more to send");
    }, often),

  "a handler keeps its own cookies and headers beside the successor": (set) =>
    set(async ({ signedIn, clock }) => {
      const ada = await signedIn();
      const { headers } = await ada.get("/own-headers");
      assert.equal(headers["cache-control"], "public, max-age=60");
      clock.advance(renewAfter);
      const answer = await ada.get("/own-headers");
      assert.deepEqual(
        answer.setCookies.map((text) => text.split("=", 1)[0]),
        ["theme", "__Host-session"],
      );
      assert.match(String(answer.headers.vary), /accept-encoding.*cookie/i);
      assert.equal(answer.headers["cache-control"], "no-store", "The successor is for one browser");
    }, often),

  "parallel requests at a due renewal all succeed, and carry no two different successors (blitz#1209)": (
    set,
  ) =>
    set(async ({ signedIn, clock }) => {
      const ada = await signedIn();
      clock.advance(renewAfter);
      const answers = await Promise.all(Array.from({ length: parallel }, () => ada.get("/me")));
      for (const answer of answers) assertSignedIn(answer);
      const successors = answers.flatMap(({ setCookies }) => setCookies);
      assert.ok(successors.length > 0);
      assert.equal(new Set(successors).size, 1);
      assertSignedIn(await ada.get("/me"));
    }, often),

  "parallel first requests after a renewal all succeed, with the old secret and the new": (set) =>
    set(async (stage) => {
      const { ada, old } = await renewed(stage);
      const answers = await Promise.all([
        ...Array.from({ length: parallel }, () => ada.get("/me")),
        ...Array.from({ length: parallel }, () => stage.send("GET", "/me", { cookie: old })),
      ]);
      for (const answer of answers) assertSignedIn(answer);
      assert.ok(new Set(answers.flatMap(({ setCookies }) => setCookies)).size <= 1);
    }, often),

  "a successor that a slow answer carries does not overwrite the cookie of a newer sign-in":
    slowAnswerAfter("login:bob"),
  "a successor that a slow answer carries does not overwrite the cookie of a re-authentication":
    slowAnswerAfter("reauthenticate"),

  "a lost answer to a renewal costs nothing, however often it is lost": (set) =>
    set(async ({ signedIn, clock }) => {
      const ada = await signedIn();
      clock.advance(renewAfter);
      const lost = cookieOf(await ada.lose("GET", "/me"));
      clock.advance(15 * 60_000);
      assert.equal(cookieOf(await ada.lose("GET", "/me")), lost);
      clock.advance(15 * 60_000);
      assert.equal(cookieOf(await ada.get("/me")), lost);
      assertSignedIn(await ada.get("/me"));
    }, often),

  "an old secret opens ordinary doors for the grace, without a cookie": (set) =>
    set(async (stage) => {
      const { ada, old } = await renewed(stage);
      assertSignedIn(await ada.get("/me"));
      stage.clock.advance(grace - 1);
      const answer = await stage.send("GET", "/me", { cookie: old });
      assertSignedIn(answer);
      assert.deepEqual(answer.setCookies, []);
      assertSignedIn(await ada.get("/me"));
    }, often),

  // Proves NIST 5.1 assurance, ASVS 7.5.3.
  "an old secret never counts as a recent sign-in": (set) =>
    set(async ({ browser, send }) => {
      const ada = browser();
      const cookie = pairOf(await ada.do("login:ada"));
      await ada.do("renew");
      assertSignedIn(await ada.get("/recent"));
      assert.equal((await send("GET", "/recent", { cookie })).status, 403);
    }),

  "an old secret after its grace is theft: the session is ended and both holders are told (fastify/session#240)":
    (set) =>
      set(async (stage) => {
        const { ada, old } = await renewed(stage);
        assertSignedIn(await ada.get("/me"));
        stage.clock.advance(grace);
        assertNotSignedIn(await stage.send("GET", "/me", { cookie: old }), "theft");
        assertNotSignedIn(await ada.get("/me"), "theft");
        assertNotSignedIn(await stage.send("GET", "/me", { cookie: old }), "theft");
        assert.equal(stage.events.filter(({ type }) => type === "theft").length, 1);
        assert.deepEqual(await stage.sessions.list("ada"), []);
      }, often),

  "a copied cookie does not fork the session: another browser is not sent the successor (VilnaCRM#474)": (
    set,
  ) =>
    set(async (stage) => {
      const { ada, old } = await renewed(stage);
      const headers = { "user-agent": "curl/8.0", "accept-language": "de" };
      const copy = await stage.send("GET", "/me", { cookie: old, headers });
      assertSignedIn(copy);
      assert.deepEqual(copy.setCookies, []);
      assertSignedIn(await ada.get("/me"));
    }, often),

  "the handler can renew: the same session under a new secret": (set) =>
    set(async ({ browser }) => {
      const ada = browser();
      const before = tokenOf(await ada.do("login:ada"));
      const answer = await ada.do("renew");
      assert.deepEqual(answer.json.results, [true]);
      assert.equal(tokenOf(answer).id, before.id);
      assertSignedIn(await ada.get("/me"));
    }),

  "nobody renews without a session": (set) =>
    set(async ({ send }) => assertNotSignedIn(await send("POST", "/do?verbs=renew"))),
};

/** A browser whose secret was just replaced, and the cookie that it sent before. */
/** The old secret is sent with the slow request; before its answer, `verb` gives the browser a newer cookie. */
function slowAnswerAfter(verb: string): AdapterCase {
  return (set) =>
    set(async ({ signedIn, clock, gate }) => {
      const ada = await signedIn();
      clock.advance(renewAfter);
      const slow = ada.post("/do?verbs=ask,wait");
      await gate.reached;
      cookieOf(await ada.do(verb));
      gate.open();
      assert.deepEqual((await slow).setCookies, []);
      clock.advance(grace);
      assert.equal((await ada.get("/me")).status, 200);
    }, often);
}

async function renewed({ signedIn, clock }: Stage) {
  const ada = await signedIn();
  const old = ada.cookie!;
  clock.advance(renewAfter);
  cookieOf(await ada.get("/me"));
  return { ada, old };
}
