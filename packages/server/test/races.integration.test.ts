import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { SessionStore } from "coatcheck";
import { forwarding } from "./support/forwarding.ts";
import { ada, startTestServer } from "./support/test-server.ts";

const changed = "window upstairs kettle tea";

describe("a sign-in that runs while the password is changed", () => {
  test("leaves no session when it inserts after all others were ended", async () => {
    const gate = Promise.withResolvers<void>();
    const reached = Promise.withResolvers<void>();
    let isHeld = false;
    const wrapStore = (store: SessionStore): SessionStore => ({
      ...forwarding(store),
      insert: async (...args) => {
        if (isHeld) {
          reached.resolve();
          await gate.promise;
        }
        return store.insert(...args);
      },
    });
    await using server = await startTestServer({ wrapStore });
    const owner = await server.signedIn();
    const thief = server.visitor();

    isHeld = true;
    const signingIn = thief.call("POST", "/api/login", { ...ada });
    await reached.promise;
    isHeld = false;
    const change = await owner.call("POST", "/api/password", {
      currentPassword: ada.password,
      newPassword: changed,
    });
    assert.equal(change.status, 200);
    gate.resolve();

    const answer = await signingIn;
    assert.equal(answer.status, 401);
    assert.equal(thief.cookie, undefined);
    assert.equal((await owner.send("GET", "/api/sessions")).json().sessions.length, 1);
  });

  // Proves ASVS 7.4.3, ASVS 15.4.2.
  test("leaves no session whichever way twenty of them interleave", async () => {
    for (let times = 0; times < 5; times++) await assertThievesLeft(4);
  });

  /** Of more at once some would have to wait, and with them the owner. */
  async function assertThievesLeft(howMany: number): Promise<void> {
    await using server = await startTestServer();
    const owner = await server.signedIn();
    const thieves = Array.from({ length: howMany }, () => server.visitor());
    const attempts = thieves.map((thief) => thief.call("POST", "/api/login", { ...ada }));
    const change = owner.call("POST", "/api/password", {
      currentPassword: ada.password,
      newPassword: changed,
    });
    await Promise.all([...attempts, change]);

    assert.equal((await change).status, 200);
    assert.equal((await owner.send("GET", "/api/sessions")).json().sessions.length, 1);
    const alive = await Promise.all(thieves.map((thief) => thief.isSignedIn()));
    assert.ok(alive.every((isAlive) => !isAlive));
  }
});

test("two password changes from the same state: one wins, the other is told", async () => {
  await using server = await startTestServer();
  const owner = await server.signedIn();
  const token = await owner.csrfToken();
  const change = (newPassword: string) =>
    owner.send("POST", "/api/password", {
      headers: { "content-type": "application/json", "x-csrf-token": token },
      body: JSON.stringify({ currentPassword: ada.password, newPassword }),
    });
  const answers = await Promise.all([change(changed), change("lemon hedgehog violin snail")]);
  const statuses = answers.map(({ status }) => status).toSorted();
  assert.equal(statuses[0], 200);
  assert.ok(statuses[1] === 409 || statuses[1] === 403, String(statuses));
});

describe("who changes the password stays signed in while another tab asks", () => {
  const change = { currentPassword: ada.password, newPassword: changed };

  test("between the change of the account and that of the session", async () => {
    const gate = Promise.withResolvers<void>();
    const reached = Promise.withResolvers<void>();
    const wrapStore = (store: SessionStore): SessionStore => ({
      ...forwarding(store),
      deleteByUser: async (...args) => {
        reached.resolve();
        await gate.promise;
        return store.deleteByUser(...args);
      },
    });
    await using server = await startTestServer({ wrapStore });
    const owner = await server.signedIn();
    const tab = owner.copy();
    server.clock.now += 60_000;

    const changing = owner.call("POST", "/api/password", change);
    await reached.promise;
    assert.equal(await tab.isSignedIn(), false, "the session is from before the change, for this moment");
    gate.resolve();

    assert.equal((await changing).status, 200);
    assert.equal(await owner.isSignedIn(), true);
    assert.equal(await tab.isSignedIn(), true);
  });

  test("at any moment", async () => {
    await using server = await startTestServer();
    const owner = await server.signedIn();
    const tab = owner.copy();
    server.clock.now += 60_000;

    let isChanging = true;
    const changing = owner.call("POST", "/api/password", change).finally(() => {
      isChanging = false;
    });
    const poll = async () => {
      while (isChanging) await tab.isSignedIn();
    };
    await Promise.all(Array.from({ length: 8 }, poll));

    assert.equal((await changing).status, 200);
    assert.equal(await owner.isSignedIn(), true);
  });
});

// Proves CVE-2025-46336.
test("a slow request that outlives the sign-out leaves the session dead", async () => {
  const gate = Promise.withResolvers<void>();
  const reached = Promise.withResolvers<void>();
  let isHeld = false;
  const wrapStore = (store: SessionStore): SessionStore => ({
    ...forwarding(store),
    update: async (...args) => {
      if (isHeld) {
        reached.resolve();
        await gate.promise;
      }
      return store.update(...args);
    },
  });
  await using server = await startTestServer({ wrapStore });
  const visitor = await server.signedIn();
  const copy = visitor.copy();
  const token = await visitor.csrfToken();
  isHeld = true;
  const slow = copy.send("POST", "/api/reauthenticate", {
    headers: { "content-type": "application/json", "x-csrf-token": token },
    body: JSON.stringify({ password: ada.password }),
  });
  await reached.promise;
  isHeld = false;
  await visitor.call("POST", "/api/logout");
  gate.resolve();
  assert.equal((await slow).status, 401);
  assert.equal(await copy.isSignedIn(), false);
});
