/** Promises about tickets that travel sealed. */
import assert from "node:assert/strict";
import { SessionToken } from "../../../core/token.ts";
import { generateKey, KeyRing } from "../../../http/key-ring.ts";
import type { AdapterCase, AdapterCases } from "../case.ts";
import { assertNotSignedIn, assertSignedIn, pairOf } from "../expectations.ts";
import type { Stage } from "../stage.ts";
import { down } from "../watched-store.ts";

const name = "__Host-session";
const remembering = /__Host-remember=([^;]*)/;
const minute = 60_000;

export const sealed: AdapterCases = {
  "a sealed ticket opens its session, and its successors do": sealedBy(async ({ signedIn, clock }) => {
    const ada = await signedIn();
    assertSignedIn(await ada.get("/me"));
    const first = ada.cookie;
    clock.advance(10 * minute);
    assertSignedIn(await ada.get("/me"));
    assert.notEqual(ada.cookie, first, "The renewal sent a successor");
    assertSignedIn(await ada.get("/me"));
    await ada.do("reauthenticate");
    assertSignedIn(await ada.get("/recent"));
    await ada.do("logout");
    assert.equal(ada.cookie, undefined);
  }),

  // Proves NIST 5.1.1.
  "a sealed cookie shows nothing of the ticket, not even the public id": sealedBy(
    async ({ signedIn, sessions }) => {
      const ada = await signedIn();
      const [session] = await sessions.list("ada");
      assert.ok(!ada.cookie!.includes(session!.id));
      assert.equal(SessionToken.parse(ada.cookie!.slice(name.length + 1)), undefined);
    },
  ),

  // Proves ASVS 9.2.2, ASVS 11.3.3, CVE-2023-48309, better-auth PR #9991.
  "what was not sealed here for this cookie is refused before the store is asked (CVE-2026-39324)": sealedBy(
    async ({ signedIn, send, store, clock, events, sessions }, keys) => {
      const ada = await signedIn();
      const sound = ada.cookie!.slice(name.length + 1);
      const { token } = await sessions.create("ada");
      const later = clock.now() + minute;
      const foreign = new KeyRing([generateKey()]);
      const forged = {
        "a plain ticket": token.reveal(),
        "another's key": foreign.seal("session", name, token.reveal(), later),
        "another's key under our id": renamed(foreign.seal("session", name, token.reveal(), later), sound),
        "another purpose": keys.seal("remember", name, token.reveal(), later),
        "another cookie": keys.seal("session", "session", token.reveal(), later),
        "a part": sound.slice(0, -4),
        "a change": sound.slice(0, -1) + (sound.endsWith("A") ? "Q" : "A"),
        "no envelope": "x".repeat(200),
        nothing: "",
      };
      store.operations.length = 0;
      store.interfere = down;
      for (const value of Object.values(forged)) {
        assertNotSignedIn(await send("GET", "/me", { cookie: `${name}=${value}` }));
      }
      assert.deepEqual(store.operations, []);
      const reasons = events.flatMap((event) => (event.type === "rejected" ? [event.reason] : []));
      assert.deepEqual(
        reasons,
        Object.keys(forged).map(() => "unopened"),
      );
    },
  ),

  "a sealed ticket ends with its session's absolute deadline, before the store is asked (CVE-2024-31999)":
    sealedBy(async ({ signedIn, send, store, clock, sessions }) => {
      const ada = await signedIn();
      const cookie = ada.cookie!;
      clock.advance(sessions.policy.absoluteTimeout);
      store.operations.length = 0;
      assertNotSignedIn(await send("GET", "/me", { cookie }), "expired");
      assert.deepEqual(store.operations, []);
    }),

  // Proves ASVS 11.2.2, ASVS 13.3.4.
  "a new key in front signs nobody out, and the next cookie is sealed with it": sealedBy(
    async ({ signedIn, clock }, keys, key) => {
      const ada = await signedIn();
      const next = generateKey();
      keys.replace([next, key]);
      assertSignedIn(await ada.get("/me"));
      clock.advance(10 * minute);
      const answer = await ada.get("/me");
      assertSignedIn(answer);
      assert.ok(pairOf(answer).startsWith(`${name}=${keys.ids[0]}.`));
      keys.replace([next]);
      assertSignedIn(await ada.get("/me"));
    },
  ),

  "the ticket of a remembered browser travels sealed too, under the same rules, and is sealed anew at each return":
    sealedBy(async ({ browser, send, store, clock }, keys, key) => {
      const ada = browser();
      await ada.do("remember:ada");
      const sound = remembering.exec(ada.cookie!)![1]!;
      const ticket = keys.open("remember", "__Host-remember", sound, clock.now())!;
      const later = clock.now() + minute;
      const forged = [
        ticket,
        keys.seal("session", "__Host-remember", ticket, later),
        keys.seal("remember", name, ticket, later),
      ];
      store.operations.length = 0;
      for (const value of forged) {
        assertNotSignedIn(await send("GET", "/me", { cookie: `__Host-remember=${value}` }));
      }
      assert.deepEqual(store.operations, []);
      keys.replace([generateKey(), key]);
      clock.advance(24 * 60 * minute);
      assertSignedIn(await ada.get("/me"));
      assert.ok(remembering.exec(ada.cookie!)![1]!.startsWith(`${keys.ids[0]}.`));
    }),

  "a ticket under a key that was taken away is out, and that is told": sealedBy(
    async ({ signedIn, events }, keys) => {
      const ada = await signedIn();
      keys.replace([generateKey()]);
      assertNotSignedIn(await ada.get("/me"));
      const told = events.at(-1)!;
      assert.ok(told.type === "rejected" && told.reason === "unopened");
      await ada.do("login:ada");
      assertSignedIn(await ada.get("/me"));
    },
  ),
};

/** Plays with an application that seals its tickets with this ring, which holds this key. */
function sealedBy(play: (stage: Stage, keys: KeyRing, key: string) => Promise<void>): AdapterCase {
  return (set) => {
    const key = generateKey();
    const keys = new KeyRing([key]);
    const options = { auth: { keys, seal: true }, policy: { renewAfter: 10 * minute } };
    return set((stage) => play(stage, keys, key), options);
  };
}

/** An envelope under the key id of another one. */
function renamed(envelope: string, other: string): string {
  return other.slice(0, other.indexOf(".")) + envelope.slice(envelope.indexOf("."));
}
