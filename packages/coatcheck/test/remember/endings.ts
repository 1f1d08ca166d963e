/** Signed out means out: whoever ends a device forgets the browser. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { SessionId } from "../../src/core/token.ts";
import { assertIn, assertOut, day, hour, type MakeHouse, RememberHouse, second } from "./house.ts";

export function describeEndings(name: string, house: MakeHouse): void {
  describe(`A remembered browser is forgotten, ${name}`, () => {
    test("it ends thirty days after the sign-in, used or not, whatever the cookie says (CVE-2015-8314)", async () => {
      const at = await house();
      const ada = await at.remembered();
      const unused = await at.remembered();
      for (let days = 1; days < 30; days++) {
        at.clock.advance(day);
        assertIn(await ada.visit());
      }
      at.clock.advance(day - 1);
      ada.forgetSession();
      assertIn(await ada.visit());
      at.clock.advance(1);
      ada.forgetSession();
      assertOut(await ada.visit(), "absent");
      assertOut(await unused.visit());
      assert.equal(await at.sessions.prune(), 2);
      assert.deepEqual((await at.sessions.devices("ada")).dormant, []);
    });

    test("a shorter time holds for browsers that were remembered before: after a change to aal2 none comes back", async () => {
      const at = await house();
      const ada = await at.remembered();
      const week = new RememberHouse(at.store, { policy: { rememberFor: 7 * day } });
      const aal2 = new RememberHouse(at.store, { policy: { level: "aal2" } });
      week.clock.advance(7 * day - 1);
      const [asleep] = (await week.sessions.devices("ada")).dormant;
      assert.equal(asleep!.rememberedUntil, week.clock.now() + 1);
      assertIn(await ada.copyIn(week).visit());
      week.clock.advance(1);
      const late = ada.copyIn(week);
      late.forgetSession();
      assertOut(await late.visit());
      aal2.clock.advance(2 * hour);
      assertOut(await ada.copyIn(aal2).visit());
      assert.deepEqual((await aal2.sessions.devices("ada")).dormant, []);
    });

    test("a longer time does not hold for browsers that were remembered before", async () => {
      const at = await house({ policy: { rememberFor: day } });
      const ada = await at.remembered();
      const month = new RememberHouse(at.store, {});
      month.clock.advance(day);
      assertOut(await ada.copyIn(month).visit());
    });

    for (const [hand, end] of Object.entries(ends)) {
      test(`a device ${hand} stays out, awake or asleep`, async () => {
        for (const asleep of [false, true]) {
          const at = await house({ policy: { maxSessions: 2 } });
          const ada = await at.remembered();
          if (asleep) at.clock.advance(hour);
          const [id] = asleep
            ? (await at.sessions.devices("ada")).dormant.map((device) => device.id)
            : (await at.sessions.list("ada")).map((session) => session.id);
          at.clock.advance(second);
          await end(at, id!);
          if (asleep && hand === "evicted by another sign-in") continue;
          const there = await at.sessions.devices("ada");
          assert.ok(![...there.sessions, ...there.dormant].some((device) => device.id === id));
          assert.equal((await ada.visit()).userId, undefined);
          ada.forgetSession();
          assertOut(await ada.visit(), "absent");
          at.clock.advance(day);
          assertOut(await ada.visit(), "absent");
          assert.deepEqual(at.told("theft"), []);
        }
      });
    }

    test("ending a session of an old list ends the one that the browser came back with", async () => {
      const at = await house();
      const ada = await at.remembered();
      const [listed] = await at.sessions.list("ada");
      at.clock.advance(day);
      await ada.visit();
      assertIn(await ada.visit());
      assert.equal(await at.sessions.revoke(listed!.id, { userId: "eve" }), false);
      assert.equal(await at.sessions.revoke(listed!.id, { userId: "ada" }), true);
      assertOut(await ada.visit(), "ended");
      ada.forgetSession();
      assertOut(await ada.visit(), "absent");
    });

    test("sign-out forgets the browser, also when its session is long gone, and clears both cookies", async () => {
      const at = await house();
      const ada = await at.remembered();
      const copy = ada.copy();
      at.clock.advance(day);
      const visit = await ada.visit((auth) => auth.logout());
      assert.equal(visit.setCookies.length, 2);
      assert.equal(ada.cookie, undefined);
      assertOut(await copy.visit());
      assert.deepEqual(await at.sessions.devices("ada"), { sessions: [], dormant: [] });
      assert.deepEqual(at.told("created"), ["created"], "Nobody comes back to sign out");
    });

    test("signing in again in the same browser takes the place of the old, remembered or not", async () => {
      for (const remember of [true, false]) {
        const at = await house();
        const ada = await at.remembered();
        const old = ada.copy();
        at.clock.advance(day);
        await ada.signIn("grace", remember);
        assert.equal(ada.has("remember"), remember);
        assertIn(await ada.visit(), "grace");
        old.forgetSession();
        assertOut(await old.visit(), "absent");
        assert.deepEqual(await at.sessions.devices("ada"), { sessions: [], dormant: [] });
      }
    });

    test("a user who was disabled does not come back", async () => {
      let disabled = false;
      const at = await house({
        auth: { remember: { stillValid: (userId) => !(disabled && userId === "ada") } },
      });
      const [ada, grace] = [await at.remembered(), await at.remembered("grace")];
      at.clock.advance(day);
      disabled = true;
      assertOut(await ada.visit());
      assertIn(await grace.visit(), "grace");
      disabled = false;
      assertOut(await ada.visit());
      assert.deepEqual(await at.sessions.devices("ada"), { sessions: [], dormant: [] });
    });
  });
}

type Hand = (at: RememberHouse, id: SessionId) => Promise<unknown>;

/** Every hand that ends a device. */
const ends: Readonly<Record<string, Hand>> = {
  "ended from a list": (at, id) => at.sessions.revoke(id, { userId: "ada" }),
  "ended with all others": (at) => at.sessions.revokeAll("ada"),
  "ended by a password change": (at) => at.sessions.revokeAll("ada", { reason: "credentials-changed" }),
  "ended because the user was disabled": (at) => at.sessions.revokeAll("ada", { reason: "account-changed" }),
  "evicted by another sign-in": async (at) => {
    for (let times = 0; times < 2; times++) {
      await at.browser().signIn();
      at.clock.advance(second);
    }
  },
};
