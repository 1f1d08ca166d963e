/** Coming back: in the same request, once for all tabs, whatever answers are lost. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  assertIn,
  assertOut,
  chrome,
  day,
  firefox,
  grace,
  hour,
  type MakeHouse,
  minute,
  pair,
  rememberPair,
} from "./house.ts";

const tabs = 10;

export function describeReturns(name: string, house: MakeHouse): void {
  describe(`A remembered browser comes back, ${name}`, () => {
    test("the next morning the browser comes back in the request that asks, with both cookies", async () => {
      const at = await house();
      const ada = await at.remembered();
      const [before] = await at.sessionIds();
      at.clock.advance(8 * hour);
      const visit = await ada.visit();
      assertIn(visit);
      assert.notEqual(visit.sessionId, before);
      assert.equal(visit.setCookies.length, 2);
      const session = visit.setCookies.find((text) => text.startsWith("__Host-session="))!;
      const remember = visit.setCookies.find((text) => text.startsWith("__Host-remember="))!;
      assert.match(session, /; HttpOnly; Max-Age=43200; SameSite=Lax; Path=\/; Secure$/);
      assert.match(remember, /; HttpOnly; Max-Age=2563200; SameSite=Lax; Path=\/; Secure$/);
      assert.deepEqual((await ada.visit()).setCookies, []);
      assert.deepEqual(await at.sessionIds(), [visit.sessionId]);
    });

    test("each morning brings another token, and the one of the day before is used up", async () => {
      const at = await house();
      const ada = await at.remembered();
      const tokens = new Set<string | undefined>();
      for (let morning = 0; morning < 3; morning++) {
        at.clock.advance(day);
        const visit = await ada.visit();
        assertIn(visit);
        tokens.add(rememberPair(visit.setCookies));
        assertIn(await ada.visit());
      }
      assert.equal(tokens.size, 3);
      assert.deepEqual(at.told("theft"), []);
    });

    test("without being asked nobody is remembered", async () => {
      const at = await house();
      const ada = at.browser();
      assert.equal((await ada.signIn("ada", false)).setCookies.length, 1);
      at.clock.advance(hour);
      assertOut(await ada.visit(), "idle-timeout");
    });

    test("ten tabs restored at browser start all succeed, end with one session and one next token, and raise no alarm", async () => {
      const at = await house();
      const ada = await at.remembered();
      at.clock.advance(day);
      ada.forgetSession();
      const visits = await Promise.all(Array.from({ length: tabs }, () => ada.lose()));
      for (const visit of visits) assertIn(visit);
      assert.equal(new Set(visits.map(({ sessionId }) => sessionId)).size, 1);
      assert.equal(new Set(visits.flatMap(({ setCookies }) => setCookies)).size, 2, "One of each cookie");
      for (const visit of visits) ada.arrive(visit);
      assertIn(await ada.visit());
      at.clock.advance(grace);
      assertIn(await ada.visit());
      assert.deepEqual(await at.sessionIds(), [visits[0]!.sessionId]);
      assert.deepEqual(at.told(), ["created", "expired", "created"]);
      at.clock.advance(day);
      assertIn(await ada.visit());
    });

    test("ten tabs take one place under a limit of one session, and sign nobody else out", async () => {
      const at = await house({ policy: { maxSessions: 2 } });
      const phone = await at.remembered();
      at.clock.advance(minute);
      const ada = await at.remembered();
      ada.forgetSession();
      const visits = await Promise.all(Array.from({ length: tabs }, () => ada.lose()));
      for (const visit of visits) assertIn(visit);
      assertIn(await phone.visit());
      assert.equal((await at.sessionIds()).length, 2);
      assert.deepEqual(at.told("evicted"), []);
    });

    test("answers may be lost, the first one and all of them (Spring's CookieTheftException, #2648)", async () => {
      const at = await house();
      const ada = await at.remembered();
      at.clock.advance(day);
      const lost = await ada.lose();
      assertIn(lost);
      for (let time = 0; time < 5; time++) {
        at.clock.advance(5 * minute);
        const again = await ada.lose();
        assert.deepEqual(again.setCookies.map(pair), lost.setCookies.map(pair), "The same is sent again");
        assert.equal(again.sessionId, lost.sessionId);
      }
      await ada.visit();
      assertIn(await ada.visit());
      at.clock.advance(day);
      assertIn(await ada.visit());
      assert.deepEqual(at.told("theft"), []);
    });

    test("all answers may be lost for as long as it takes the session to die: the next token stays the same", async () => {
      const at = await house();
      const ada = await at.remembered();
      at.clock.advance(day);
      const lost = await ada.lose();
      at.clock.advance(day);
      const again = await ada.lose();
      assertIn(again);
      assert.notEqual(again.sessionId, lost.sessionId);
      assert.equal(rememberPair(again.setCookies), rememberPair(lost.setCookies));
      ada.arrive(lost);
      assertIn(await ada.visit());
      at.clock.advance(day);
      assertIn(await ada.visit());
      assert.deepEqual(at.told("theft"), []);
    });

    test("a tab that is reloaded while the first answer is on its way changes nothing", async () => {
      const at = await house();
      const ada = await at.remembered();
      at.clock.advance(day);
      const [first, second] = [await ada.lose(), await ada.lose()];
      ada.arrive(second);
      assertIn(await ada.visit());
      ada.arrive(first);
      assertIn(await ada.visit());
      at.clock.advance(day);
      assertIn(await ada.visit());
      assert.deepEqual(at.told("theft"), []);
    });

    test("a late tab goes on in the same session, without a cookie", async () => {
      const at = await house();
      const ada = await at.remembered();
      at.clock.advance(day);
      ada.forgetSession();
      const late = ada.copy();
      const visit = await ada.visit();
      await ada.visit();
      at.clock.advance(grace - 1);
      const followed = await late.visit((auth) => auth.csrfToken());
      assertIn(followed);
      assert.equal(followed.sessionId, visit.sessionId);
      assert.deepEqual(followed.setCookies, []);
    });

    test("the forms of a late tab carry the CSRF token of the session", async () => {
      const at = await house();
      const ada = await at.remembered();
      at.clock.advance(day);
      const late = ada.copy();
      await ada.visit();
      await ada.visit();
      let token = "";
      await late.visit(async (auth) => {
        token = await auth.csrfToken();
      });
      const submit = (csrf: string) =>
        at.request(ada.cookie, firefox, { "x-csrf-token": csrf }).checkCsrfToken();
      assert.equal(await submit(token), undefined);
      assert.equal((await submit("x".repeat(token.length)))?.status, 403);
    });

    // Proves NIST 5.1 remembering, NIST 5.1 assurance.
    test("coming back proves nothing: the session says how it began and is never recent", async () => {
      const at = await house();
      const ada = await at.remembered();
      const signedInAt = at.clock.now();
      at.clock.advance(minute);
      ada.forgetSession();
      await ada.visit(async (auth) => {
        const session = (await auth.session())!;
        assert.deepEqual(session.amr, ["remember"]);
        assert.equal(session.authenticatedAt, signedInAt);
        assert.deepEqual(session.data, {});
        assert.equal(await auth.isRecent(hour), false);
        await auth.reauthenticate();
        assert.equal(await auth.isRecent(hour), true);
      });
      assertIn(await ada.visit());
      at.clock.advance(day);
      assertIn(await ada.visit());
      assert.deepEqual(at.told("theft"), []);
    });

    test("who proved again who they are comes back as of then, under a token that no copy of the old one follows", async () => {
      const at = await house();
      const ada = await at.remembered();
      at.clock.advance(minute);
      const copy = ada.copy();
      await ada.visit((auth) => auth.reauthenticate());
      const provedAt = at.clock.now();
      for (let mornings = 0; mornings < 2; mornings++) {
        at.clock.advance(day);
        const visit = await ada.visit(async (auth) => {
          assert.equal((await auth.session())?.authenticatedAt, provedAt);
        });
        assertIn(visit);
        assertIn(await ada.visit());
      }
      copy.forgetSession();
      assertOut(await copy.visit(), "theft");
    });

    test("the list says how long each device stays signed in, and shows those that are asleep", async () => {
      const at = await house();
      const begun = at.clock.now();
      await at.browser(chrome).signIn("ada", false);
      await at.remembered();
      at.clock.advance(hour);
      const awake = await at.remembered("ada", chrome);
      const { sessions, dormant } = await at.sessions.devices("ada");
      assert.deepEqual(
        sessions.map(({ rememberedUntil }) => rememberedUntil),
        [begun + hour + 30 * day],
      );
      assert.equal(dormant.length, 1);
      const [{ id, ...browser }] = dormant as [(typeof dormant)[0]];
      assert.deepEqual(browser, {
        userId: "ada",
        createdAt: begun,
        lastUsedAt: begun,
        rememberedUntil: begun + 30 * day,
        client: { userAgent: firefox.userAgent, language: firefox.language },
      });
      assert.equal(await at.sessions.revoke(id, { userId: "ada" }), true);
      assert.deepEqual((await at.sessions.devices("ada")).dormant, []);
      assertIn(await awake.visit());
    });

    test("an outage of what is asked about the user forgets nobody", async () => {
      let down = false;
      const stillValid = () => {
        if (down) throw new Error("connect ECONNREFUSED");
        return true;
      };
      const at = await house({ auth: { remember: { stillValid } } });
      const ada = await at.remembered();
      at.clock.advance(day);
      down = true;
      await assert.rejects(ada.visit(), /ECONNREFUSED/);
      down = false;
      assertIn(await ada.visit());
      assertIn(await ada.visit());
      assert.equal((await at.sessionIds()).length, 1);
    });

    test("with the limit reached and no eviction, a browser waits for room and stays remembered", async () => {
      const at = await house({ policy: { maxSessions: 1, onLimit: "refuse" } });
      const ada = await at.remembered();
      at.clock.advance(hour);
      const phone = await at.remembered("ada", chrome);
      assertOut(await ada.visit());
      await phone.visit((auth) => auth.logout());
      assertIn(await ada.visit());
      assertIn(await ada.visit());
    });

    test("a browser that comes back may evict another, which then stays out", async () => {
      const at = await house({ policy: { maxSessions: 1 } });
      const ada = await at.remembered();
      at.clock.advance(hour);
      const phone = await at.remembered("ada", chrome);
      assertIn(await ada.visit());
      assertOut(await phone.visit(), "ended");
      phone.forgetSession();
      assertOut(await phone.visit(), "absent");
      assertIn(await ada.visit());
    });
  });
}
