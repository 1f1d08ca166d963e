/** Fifty nodes with a connection each, all at one user's sessions. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { provideRedis } from "../../../../test/servers/redis.ts";
import { SignInRefusedError } from "../../src/core/errors.ts";
import type { SessionEvent } from "../../src/core/events.ts";
import { SessionManager, type SessionManagerOptions } from "../../src/core/manager.ts";
import { RedisSessionStore } from "../../src/stores/redis.ts";
import { manualClock } from "../../src/testing/clock.ts";
import { nodeRedis, type Opened } from "./redis-clients.ts";

const crowd = 50;
const client = { userAgent: "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0" };

describe("Fifty connections to one Redis", () => {
  const used = new AsyncDisposableStack();
  let connections: Opened[];
  let users = 0;

  before(async () => {
    const { url } = used.use(await provideRedis());
    connections = await Promise.all(Array.from({ length: crowd }, () => nodeRedis(url)));
  });
  after(async () => {
    for (const { close } of connections) await close();
    await used.disposeAsync();
  });

  /** A user of the test's own, and a manager for each connection. */
  function nodes(options: Omit<SessionManagerOptions<Record<string, unknown>>, "store"> = {}) {
    const prefix = `coatcheck-test-${process.pid}-${users++}:`;
    const events: SessionEvent[] = [];
    const managers = connections.map(({ client }) => {
      const store = new RedisSessionStore(client, { prefix });
      return new SessionManager({ ...options, store, onEvent: (event) => void events.push(event) });
    });
    const told = (type: SessionEvent["type"]) =>
      events.flatMap((event) => (event.type === type && "sessionId" in event ? [event.sessionId!] : []));
    return { managers, first: managers[0]!, told };
  }

  // Proves WSTG-SESS-11.
  test("who sign in under a limit that evicts end exactly at the limit, and each end is told once", async () => {
    const { managers, first, told } = nodes({ policy: { maxSessions: 5 } });
    await Promise.all(managers.map((manager) => manager.create("ada")));
    const left = await first.list("ada");
    assert.equal(left.length, 5);
    const evicted = told("evicted");
    assert.equal(new Set(evicted).size, crowd - 5);
    assert.equal(evicted.length, crowd - 5);
    assert.ok(!left.some(({ id }) => evicted.includes(id)));
  });

  test("who sign in under a limit that refuses end exactly at the limit", async () => {
    const { managers, first } = nodes({ policy: { maxSessions: 5, onLimit: "refuse" } });
    const results = await Promise.allSettled(managers.map((manager) => manager.create("ada")));
    const refused = results.filter(({ status }) => status === "rejected") as PromiseRejectedResult[];
    assert.equal(refused.length, crowd - 5);
    assert.ok(refused.every(({ reason }) => reason instanceof SignInRefusedError));
    assert.equal((await first.list("ada")).length, 5);
  });

  test("who renew one session give it one successor, and both tokens open it", async () => {
    const { now, advance } = manualClock();
    const { managers, first, told } = nodes({ now, policy: { renewAfter: 60_000 } });
    const { token } = await first.create("ada", { client });
    advance(60_000);
    const validations = await Promise.all(
      managers.map((manager) => manager.validate(token, { client, canRenew: true })),
    );
    assert.ok(validations.every(({ ok }) => ok));
    const successors = validations.flatMap((each) => (each.ok && each.successor ? [each.successor] : []));
    assert.equal(new Set(successors.map((each) => each.reveal())).size, 1);
    assert.equal(told("renewed").length, 1);
    const both = await Promise.all(
      managers.map((manager, index) => manager.validate(index % 2 ? token : successors[0]!, { client })),
    );
    assert.ok(both.every(({ ok }) => ok));
    assert.deepEqual(told("theft"), []);
  });

  test("who write different keys all keep theirs", async () => {
    const { managers, first } = nodes();
    const { session } = await first.create("ada");
    await Promise.all(
      managers.map((manager, index) => manager.update(session.id, { [`key ${index}`]: index })),
    );
    const [written] = await first.list("ada");
    assert.equal(Object.keys(written!.data).length, crowd);
  });

  // Proves ASVS 15.4.2.
  test("who write while one signs out never bring the session back", async () => {
    const { managers, first, told } = nodes();
    const { session, token } = await first.create("ada");
    let over = false;
    await Promise.all(
      managers.map(async (manager, index) => {
        for (let round = 0; round < 5; round++) {
          const late = over;
          if (index === 7 && round === 2) {
            assert.equal(await manager.revoke(session.id, { reason: "logout" }), true);
            over = true;
          }
          const written = await (index % 2
            ? manager.touch(session)
            : manager.update(session.id, { [`key ${index}`]: round }));
          assert.ok(!(late && written), "Written after it was ended");
        }
      }),
    );
    const validation = await first.validate(token);
    assert.deepEqual(validation, { ok: false, rejection: { reason: "ended", ended: "logout" } });
    assert.deepEqual(await first.list("ada"), []);
    assert.equal(told("revoked").length, 1);
  });

  test("who sign out at once: one of them did it", async () => {
    const { managers, first, told } = nodes();
    const { session } = await first.create("ada");
    const answers = await Promise.all(managers.map((manager) => manager.revoke(session.id)));
    assert.equal(answers.filter(Boolean).length, 1);
    assert.equal(told("revoked").length, 1);
  });

  test("who sign in while the password is changed leave no session behind", async () => {
    const { managers, first } = nodes();
    let password = "old";
    await Promise.allSettled(
      managers.map(async (manager, index) => {
        if (index === 25) {
          password = "new";
          await manager.revokeAll("ada", { reason: "credentials-changed" });
        } else {
          await manager.create("ada", { stillValid: () => password === "old" });
        }
      }),
    );
    assert.deepEqual(await first.list("ada"), []);
  });
});
