/** Stolen and invented remember tokens. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  assertIn,
  assertOut,
  chrome,
  day,
  firefox,
  firefoxUpdated,
  grace,
  type MakeHouse,
  minute,
} from "./house.ts";

export function describeTheft(name: string, house: MakeHouse): void {
  describe(`Stolen remember tokens, ${name}`, () => {
    test("an old token after its grace is theft although the session lives: the browser and its session end", async () => {
      const at = await house();
      const ada = await at.remembered();
      const phone = await at.remembered("ada", chrome);
      at.clock.advance(day);
      ada.forgetSession();
      const stolen = ada.copy(chrome);
      await ada.visit();
      assertIn(await ada.visit());
      at.clock.advance(grace);
      assertOut(await stolen.visit(), "theft");
      assertOut(await ada.visit(), "ended");
      ada.forgetSession();
      assertOut(await ada.visit(), "absent");
      assertOut(await stolen.visit(), "absent");
      assert.deepEqual(await at.sessionIds(), []);
      assertIn(await phone.visit());
      const [theft, ...more] = at.events.filter(({ type }) => type === "theft");
      assert.deepEqual(more, []);
      assert.ok(theft?.type === "theft" && theft.remember);
    });

    test("a thief who comes first is found when the owner comes back", async () => {
      const at = await house();
      const ada = await at.remembered();
      const thief = ada.copy(chrome);
      thief.forgetSession();
      assertIn(await thief.visit());
      assertIn(await thief.visit());
      at.clock.advance(grace);
      assertOut(await ada.visit(), "theft");
      assertOut(await thief.visit(), "ended");
      thief.forgetSession();
      assertOut(await thief.visit(), "absent");
    });

    test("in another browser a copied token opens nothing where the policy is to reject: its owner goes on", async () => {
      for (const onMismatch of ["reject", "step-up"] as const) {
        const at = await house({ policy: { fingerprint: { onMismatch } } });
        const ada = await at.remembered();
        const thief = ada.copy(chrome);
        thief.forgetSession();
        assertOut(await thief.visit(), "absent");
        ada.forgetSession();
        assertIn(await ada.visit());
        assert.ok(at.events.some((event) => event.type === "rejected" && event.reason === "fingerprint"));
        assert.deepEqual(at.told("theft"), []);
      }
    });

    test("in another browser a copied token is forgotten where the policy is to revoke, and the owner is told", async () => {
      const at = await house({ policy: { fingerprint: { onMismatch: "revoke" } } });
      const ada = await at.remembered();
      const thief = ada.copy(chrome);
      thief.forgetSession();
      assertOut(await thief.visit(), "absent");
      assertOut(await thief.visit(), "absent");
      const [told, ...more] = at.events.filter((event) => event.type === "fingerprint");
      assert.deepEqual([told?.reaction, told?.client.userAgent, more], ["revoke", chrome.userAgent, []]);
      assertOut(await ada.visit(), "ended");
      ada.forgetSession();
      assertOut(await ada.visit(), "absent");
    });

    test("a session that is refused in another browser is not got around by the token that was copied with it", async () => {
      for (const [onMismatch, rejection] of [
        ["reject", "fingerprint"],
        ["step-up", "step-up"],
      ] as const) {
        const at = await house({ policy: { fingerprint: { onMismatch } } });
        const ada = await at.remembered();
        const thief = ada.copy(chrome);
        assertOut(await thief.visit(), rejection);
        assertIn(await ada.visit());
      }
    });

    test("an update of the browser keeps it remembered, whatever the policy does about others", async () => {
      const at = await house({ policy: { fingerprint: { onMismatch: "revoke" } } });
      const ada = await at.remembered();
      const updated = ada.copy(firefoxUpdated);
      updated.forgetSession();
      assertIn(await updated.visit());
    });

    test("by default a copied token in another browser is reported, once", async () => {
      const at = await house();
      const thief = (await at.remembered()).copy(chrome);
      thief.forgetSession();
      assertIn(await thief.visit());
      assertIn(await thief.visit());
      assert.deepEqual(at.told("fingerprint"), ["fingerprint"]);
    });

    test("a stolen session cookie ends the browser as well", async () => {
      const at = await house();
      const ada = await at.remembered();
      const stolen = ada.copy();
      at.clock.advance(25 * minute);
      await ada.visit((auth) => auth.renew());
      assertIn(await ada.visit());
      at.clock.advance(grace);
      assertOut(await stolen.visit(), "theft");
      assert.deepEqual(await at.sessions.devices("ada"), { sessions: [], dormant: [] });
      ada.forgetSession();
      assertOut(await ada.visit(), "absent");
    });

    test("by policy a stolen token ends all sessions of the user, and forgets all browsers", async () => {
      const at = await house({ policy: { onRememberTheft: "user" } });
      const ada = await at.remembered();
      const phone = await at.remembered("ada", chrome);
      at.clock.advance(day);
      const stolen = ada.copy(chrome);
      await ada.visit();
      await ada.visit();
      await phone.visit();
      at.clock.advance(grace);
      stolen.forgetSession();
      assertOut(await stolen.visit(), "theft");
      assertOut(await phone.visit(), "ended");
      assert.deepEqual(await at.sessions.devices("ada"), { sessions: [], dormant: [] });
    });

    test("a copy in another browser goes on without a cookie while the owner's answer is on its way", async () => {
      const at = await house();
      const ada = await at.remembered();
      at.clock.advance(day);
      const copy = ada.copy(chrome);
      const first = await ada.lose();
      const followed = await copy.visit();
      assertIn(followed);
      assert.equal(followed.sessionId, first.sessionId);
      assert.deepEqual(followed.setCookies, []);
      await copy.visit(async (auth) => assert.equal(await auth.renew(), false));
      ada.arrive(first);
      assertIn(await ada.visit());
      assert.deepEqual(at.told("theft"), []);
    });

    test("an id, or an id and a family that were never ours, open nothing and end nothing (CVE-2022-39263)", async () => {
      const at = await house();
      const ada = await at.remembered();
      const value = /__Host-remember=([^;]*)/.exec(ada.cookie!)![1]!;
      const [id, , secret] = value.split(".");
      at.clock.advance(day);
      for (const guess of [
        `${id}.${"A".repeat(22)}.${"A".repeat(43)}`,
        `${id}.${"A".repeat(22)}.${secret}`,
        `${"A".repeat(25)}.${value.slice(26)}`,
        id!,
        `${value}x`,
        "",
      ]) {
        const request = at.request(`__Host-remember=${guess}`, firefox);
        assert.equal(await request.session(), undefined);
        await at.request(`__Host-remember=${guess}`, firefox).logout();
      }
      const rejected = at.events.filter((event) => event.type === "rejected" && event.remember);
      assert.equal(rejected.length, 12, "Each is told, to be counted");
      assertIn(await ada.visit());
      assert.deepEqual(at.told("theft"), []);
    });

    // Proves WSTG-ATHN-05.
    test("nothing at rest brings anybody back", async () => {
      const at = await house();
      const ada = await at.remembered();
      at.clock.advance(day);
      await ada.visit();
      const [record] = await at.store.remember!.findByUser("ada");
      const [session] = await at.store.findByUser("ada");
      const atRest = JSON.stringify([record, session]);
      for (const part of ada
        .cookie!.split(/[=.; ]+/)
        .filter((text) => text.length > 21 && text.length !== 25)) {
        assert.ok(!atRest.includes(part));
      }
    });
  });
}
