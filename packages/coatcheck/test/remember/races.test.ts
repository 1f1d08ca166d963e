/** What another hand does between two steps of a return. Each step of the store is a gate, one at a time. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { SessionId } from "../../src/core/token.ts";
import {
  assertIn,
  assertOut,
  chrome,
  day,
  type RememberedBrowser,
  RememberHouse,
  second,
  type Visit,
} from "./house.ts";
import { failingAt, interrupt, SteppedStore } from "./stepped-store.ts";

interface Scene {
  readonly at: RememberHouse;
  readonly store: SteppedStore;
  readonly ada: RememberedBrowser;
  readonly id: SessionId;
}

/** A browser that was remembered a day ago, and whose session has died and been pruned since. */
async function asleep(maxSessions = 3): Promise<Scene> {
  const store = new SteppedStore();
  const at = new RememberHouse(store, { policy: { maxSessions } });
  const ada = await at.remembered();
  const [id] = (await at.sessions.list("ada")).map((session) => session.id);
  at.clock.advance(day);
  await at.sessions.prune();
  return { at, store, ada, id: id! };
}

const hands: Readonly<Record<string, (scene: Scene) => Promise<unknown>>> = {
  "ended from a list of yesterday": ({ at, id }) => at.sessions.revoke(id, { userId: "ada" }),
  "ended with all others": ({ at }) => at.sessions.revokeAll("ada"),
  "ended by a password change": ({ at }) => at.sessions.revokeAll("ada", { reason: "credentials-changed" }),
  "signed out in another tab": ({ at, ada }) => at.request(ada.cookie, ada.client).logout(),
  "signed in as somebody else": ({ at, ada }) => at.request(ada.cookie, ada.client).login("grace"),
};

describe("a device that comes back while it is", () => {
  for (const [hand, deed] of Object.entries(hands)) {
    for (const when of ["before", "after"] as const) {
      // Proves ASVS 15.4.2.
      test(`${hand} stays out, ${when} every single step`, async () => {
        for (let number = 0; ; number++) {
          const scene = await asleep();
          const { at, store, ada } = scene;
          const wasInterrupted = interrupt(store, when, number, () => deed(scene));
          const slow = await ada.lose();
          if (!wasInterrupted()) {
            assert.ok(number >= 7, "A return has at least so many steps");
            break;
          }
          store.before = store.after = () => {};
          // Whoever was let in before that is out from now on.
          const cookies = [ada.cookie!, ...slow.setCookies.map((text) => text.split(";", 1)[0]!)];
          for (const cookie of cookies)
            assert.equal(await at.request(cookie, ada.client).session(), undefined);
          assert.deepEqual(await at.sessions.devices("ada"), { sessions: [], dormant: [] });
        }
      });
    }
  }

  for (const [hand, deed] of Object.entries(hands)) {
    test(`${hand} stays out, though it comes back between any two steps of that`, async () => {
      for (let number = 0; ; number++) {
        const scene = await asleep();
        const { at, store, ada } = scene;
        const copy = ada.copy();
        const wasInterrupted = interrupt(store, "after", number, () => ada.visit());
        await deed(scene);
        store.after = () => {};
        if (!wasInterrupted()) break;
        for (const browser of [ada, copy]) {
          assertOut(await browser.lose());
          browser.forgetSession();
          assertOut(await browser.lose());
        }
        assert.deepEqual(await at.sessions.devices("ada"), { sessions: [], dormant: [] });
      }
    });
  }

  test("evicted by another sign-in stays out or stays in, and the limit holds, at every single step", async () => {
    for (let number = 0; ; number++) {
      const { at, store, ada } = await asleep(1);
      const wasInterrupted = interrupt(store, "before", number, () => at.remembered("ada", chrome));
      ada.arrive(await ada.lose());
      store.before = () => {};
      if (!wasInterrupted()) break;
      assert.ok((await at.sessions.list("ada")).length <= 1);
      at.clock.advance(second);
      await ada.visit();
      assert.equal((await at.sessions.list("ada")).length, 1);
    }
  });
});

describe("the store", () => {
  test("is asked eight times more for a return, four times more at its first use, and then never", async () => {
    const { store, ada } = await asleep();
    const asked: string[] = [];
    store.before = (operation) => void asked.push(operation);
    const counted = async () => {
      asked.length = 0;
      assertIn(await ada.visit());
      return [...asked];
    };
    const session = ["find"];
    const claim = ["remember.find", "find", "remember.update"];
    const enter = ["remember.find", "find", "insert", "remember.find"];
    const settle = ["find"];
    assert.deepEqual(await counted(), [...session, ...claim, ...enter, ...settle]);
    const confirm = ["remember.findBySession", "remember.update", "update", "find"];
    assert.deepEqual(await counted(), [...session, ...confirm]);
    assert.deepEqual(await counted(), session);
  });
});

describe("a sign-in that is remembered", () => {
  test("and all sessions that end meanwhile leave a device that is whole, or none", async () => {
    for (const order of ["sign-in interrupted", "end interrupted"] as const) {
      for (let number = 0; ; number++) {
        const store = new SteppedStore();
        const at = new RememberHouse(store);
        const ada = at.browser();
        const signIn = () => ada.signIn();
        const end = () => at.sessions.revokeAll("ada");
        const [outer, inner] = order === "sign-in interrupted" ? [signIn, end] : [end, signIn];
        const wasInterrupted = interrupt(store, "before", number, inner);
        await outer();
        store.before = () => {};
        if (!wasInterrupted()) break;
        const { sessions, dormant } = await at.sessions.devices("ada");
        assert.deepEqual(dormant, [], "Nobody is remembered without the session of the sign-in");
        assert.equal((await ada.visit()).userId, sessions[0]?.userId);
      }
    }
  });

  test("and refused at the limit leaves nobody remembered", async () => {
    const store = new SteppedStore();
    const at = new RememberHouse(store, { policy: { maxSessions: 1, onLimit: "refuse" } });
    await at.remembered();
    const phone = at.browser(chrome);
    await assert.rejects(phone.signIn(), { code: "session-limit" });
    at.clock.advance(day);
    assert.equal((await at.sessions.devices("ada")).dormant.length, 1);
  });

  test("at the limit is let in where the place is taken by its own browser, whose session cookie is lost", async () => {
    const at = new RememberHouse(new SteppedStore(), { policy: { maxSessions: 1, onLimit: "refuse" } });
    const ada = await at.remembered();
    ada.forgetSession();
    assertIn(await ada.signIn());
    assert.equal((await at.sessionIds()).length, 1);
  });

  test("replaces a session with the browser that it had, cookie or not", async () => {
    const at = new RememberHouse(new SteppedStore());
    const ada = await at.remembered();
    const [replacing] = await at.sessions.list("ada");
    await at.sessions.create("ada", { replacing });
    at.clock.advance(2 * day);
    await at.sessions.prune();
    ada.forgetSession();
    assertOut(await ada.visit());
  });
});

describe("two tabs", () => {
  test("that claim at once: who loses goes on in the session of the other, without a cookie", async () => {
    const { at, store, ada } = await asleep();
    let first: Visit | undefined;
    store.before = async (operation) => {
      if (operation !== "remember.update" || first) return;
      store.before = () => {};
      first = await ada.lose();
    };
    const second = await ada.lose();
    assert.equal(first?.setCookies.length, 2);
    assertIn(second);
    assert.equal(second.sessionId, first?.sessionId);
    assert.deepEqual(second.setCookies, []);
    assert.equal((await at.sessions.list("ada")).length, 1);
  });

  test("and another hand, in any order of their steps: one session, or none for good", async () => {
    const orders = fc.asyncProperty(
      fc.scheduler(),
      fc.constantFrom(...Object.values(hands)),
      async (s, deed) => {
        const scene = await asleep();
        const { at, store, ada } = scene;
        store.before = (operation) => s.schedule(Promise.resolve(), operation);
        const all = Promise.all([ada.lose(), ada.lose(), deed(scene)]);
        await s.waitFor(all);
        store.before = () => {};
        const [one, two] = await all;
        const cookies = [one, two].flatMap(({ setCookies }) =>
          setCookies.map((text) => text.split(";", 1)[0]!),
        );
        for (const cookie of [ada.cookie!, ...cookies])
          assert.equal(await at.request(cookie, ada.client).session(), undefined);
        assert.deepEqual(await at.sessions.devices("ada"), { sessions: [], dormant: [] });
      },
    );
    await fc.assert(orders, { numRuns: 300 });
  });

  test("of which one node dies, and another hand, in any order: none comes back", async () => {
    const orders = fc.asyncProperty(fc.scheduler(), fc.nat(25), async (s, number) => {
      const scene = await asleep();
      const { at, store, ada } = scene;
      const fails = failingAt(number, crash);
      store.before = async (operation) => {
        await s.schedule(Promise.resolve(), operation);
        if (ending.done) return;
        await fails(operation);
      };
      const ending = { done: false };
      const end = at.sessions.revokeAll("ada").finally(() => {
        ending.done = true;
      });
      const all = Promise.allSettled([ada.lose(), ada.lose(), end]);
      await s.waitFor(all);
      store.before = () => {};
      const [one, two, ended] = await all;
      if (ended.status === "rejected") return;
      for (const tab of [one, two]) {
        const sent = tab.status === "fulfilled" ? tab.value.setCookies : [];
        for (const cookie of sent) {
          assert.equal(await at.request(cookie.split(";", 1)[0], ada.client).session(), undefined);
        }
      }
      assertOut(await ada.visit());
      assert.deepEqual((await at.sessions.devices("ada")).dormant, []);
    });
    await fc.assert(orders, { numRuns: 300 });
  });
});

const crash = new Error("the node died");

describe("a node that dies while a browser comes back", () => {
  test("costs nothing, whatever step it died at: the browser comes back elsewhere, as one session", async () => {
    for (const when of ["before", "after"] as const) {
      for (let number = 0; ; number++) {
        const { at, store, ada } = await asleep();
        store[when] = failingAt(number, crash);
        const outcome = await ada.lose().catch((error) => error);
        store.before = store.after = () => {};
        if (!(outcome instanceof Error)) break;
        assertIn(await ada.visit());
        assertIn(await ada.visit());
        assert.equal((await at.sessions.list("ada")).length, 1);
        at.clock.advance(day);
        assertIn(await ada.visit());
        assert.deepEqual(at.told("theft"), []);
      }
    }
  });

  test("after it evicted a device lets nobody back: the session says why it ended", async () => {
    const { at, store, ada } = await asleep(1);
    assertIn(await ada.visit());
    assertIn(await ada.visit());
    const phone = at.browser(chrome);
    store.before = (operation) => {
      if (operation === "remember.deleteBySession") throw crash;
    };
    await assert.rejects(phone.signIn());
    store.before = () => {};
    ada.forgetSession();
    assertOut(await ada.visit());
    assert.deepEqual((await at.sessions.devices("ada")).dormant, []);
  });

  test("while it ends one device ends it for good or not at all", async () => {
    for (let number = 0; ; number++) {
      const { at, store, ada } = await asleep();
      await ada.visit();
      await ada.visit();
      const [session] = await at.sessions.list("ada");
      store.before = failingAt(number, crash);
      const outcome = await at.sessions.revoke(session!.id).catch((error) => error);
      store.before = () => {};
      if (!(outcome instanceof Error)) break;
      const isOut = (await ada.lose()).userId === undefined;
      at.clock.advance(2 * day);
      await at.sessions.prune();
      if (isOut) assertOut(await ada.visit());
    }
  });

  test("while a device is ended, cannot bring it back: the end can be repeated", async () => {
    for (let number = 0; ; number++) {
      const { at, store, ada } = await asleep();
      ada.forgetSession();
      await ada.visit();
      store.before = failingAt(number, crash);
      const outcome = await at.sessions.revokeAll("ada").catch((error) => error);
      store.before = () => {};
      if (!(outcome instanceof Error)) break;
      await at.sessions.revokeAll("ada");
      assertOut(await ada.visit());
      ada.forgetSession();
      assertOut(await ada.visit());
    }
  });
});
