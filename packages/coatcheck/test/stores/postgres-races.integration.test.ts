/** Fifty nodes with a real connection each, all at once. */
import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import { SignInRefusedError } from "../../src/core/errors.ts";
import { SessionManager } from "../../src/core/manager.ts";
import { isEnded, type SessionRecord } from "../../src/core/store.ts";
import { manualClock } from "../../src/testing/clock.ts";
import { beginning, sessionRecord } from "../../src/testing/record.ts";
import { openNodes, openPool, usePostgres } from "./postgres-nodes.ts";

const now = beginning;
const rounds = 10;
const hour = 60 * 60_000;

describe("Fifty nodes on one PostgreSQL", () => {
  const postgres = usePostgres();
  const fifty = (t: TestContext) => openNodes(t, postgres.url, 50);

  test("that sign a user in under a limit of three leave three sessions, and end each other once", async (t) => {
    const nodes = await fifty(t);
    const records = nodes.map((_, index) => sessionRecord({ createdAt: now + index }));
    const results = await all(nodes, (node, index) =>
      node.insert(records[index]!, now, { maximum: 3, exceeded: "evict-oldest" }),
    );
    const ended = results.flatMap((result) => (result.inserted ? result.ended : assert.fail("Not inserted")));
    const alive = await nodes[0]!.findByUser("ada");
    assert.equal(alive.length, 3);
    assert.deepEqual(idsOf([...alive, ...ended.map(({ record }) => record)]), idsOf(records));
  });

  test("that sign a user in under a limit of three that refuses let three in", async (t) => {
    const nodes = await fifty(t);
    const results = await all(nodes, (node) =>
      node.insert(sessionRecord(), now, { maximum: 3, exceeded: "refuse" }),
    );
    assert.equal(results.filter(({ inserted }) => inserted).length, 3);
    assert.equal((await nodes[0]!.findByUser("ada")).length, 3);
  });

  test("that renew a token send the same successor and no other", async (t) => {
    const { now, advance } = manualClock();
    const policy = { idleTimeout: 2 * hour };
    const nodes = (await fifty(t)).map((store) => new SessionManager({ store, policy, now }));
    let { token } = await nodes[0]!.create("ada");
    for (let round = 0; round < rounds; round++) {
      advance(hour);
      const answers = await all(nodes, (node) => node.validate(token, { canRenew: true }));
      const successors = answers.map((answer) => (answer.ok ? answer.successor : assert.fail("Signed out")));
      const sent = successors.filter((successor) => successor !== undefined);
      assert.equal(new Set(sent.map((successor) => successor.reveal())).size, 1);
      token = sent[0]!;
      assert.ok((await nodes[1]!.validate(token)).ok);
    }
  });

  // Proves ASVS 15.4.2.
  test("that use a session while one ends it never bring it back", async (t) => {
    const nodes = await fifty(t);
    for (let round = 0; round < rounds; round++) {
      const record = sessionRecord();
      await nodes[0]!.insert(record, now);
      let hasEnded = false;
      const ended = await all(nodes, async (node, index) => {
        if (index % 10 === 5) {
          const mine = await node.delete(record.id, "logout", now);
          hasEnded = true;
          return mine ? [mine] : [];
        }
        for (let use = 0; use < 5; use++) {
          const tooLate = hasEnded;
          const seen = { lastSeenAt: now + use, expiresAt: now + hour + use };
          const data = new Map([[`node ${index}`, `${use}`]]);
          const updated = await node.update(record.id, { seen, data }, now);
          assert.ok(!(updated && tooLate), "A session was changed after it had ended");
        }
        return [];
      });
      assert.deepEqual(idsOf(ended.flat()), [record.id]);
      const found = await nodes[0]!.find(record.id);
      assert.ok(found && isEnded(found));
    }
  });

  test("that note the use of many sessions at once, each in another order, wait for each other and note the last", async (t) => {
    const nodes = await fifty(t);
    const users = ["ada", "grace", "edsger", "barbara"];
    const records = users.flatMap((userId) => Array.from({ length: 10 }, () => sessionRecord({ userId })));
    for (const record of records) await nodes[0]!.insert(record, now);
    for (let round = 0; round < rounds; round++) {
      const answers = await all(nodes, async (node, index) => {
        if (index === 25 && round === 5) return void (await node.deleteByUser("grace", "revoked", now));
        const order = [...records.slice(index % 40), ...records.slice(0, index % 40)];
        const use = 50 * round + index;
        return all(order, ({ id, expiresAt }) =>
          node.update(id, { seen: { lastSeenAt: now + use, expiresAt: expiresAt + use } }, now),
        );
      });
      const told = answers.flat().filter((answer) => answer === false).length;
      if (round < 5) assert.equal(told, 0);
      if (round > 5) assert.equal(told, 50 * 10);
    }
    const alive = (await all(users, (user) => nodes[0]!.findByUser(user))).flat();
    assert.equal(alive.length, 30);
    const last = 50 * rounds - 1;
    assert.ok(alive.every(({ lastSeenAt }) => lastSeenAt === now + last));
  });

  test("that change data of one session lose nothing", async (t) => {
    const nodes = await fifty(t);
    const record = sessionRecord({ data: "{}" });
    await nodes[0]!.insert(record, now);
    await all(nodes, async (node, index) => {
      for (let use = 0; use < 4; use++) {
        await node.update(record.id, { data: new Map([[`${index} ${use}`, "1"]]) }, now);
      }
    });
    const found = await nodes[0]!.find(record.id);
    assert.ok(found && !isEnded(found));
    assert.equal(Object.keys(JSON.parse(found.data)).length, 200);
    assert.equal(found.dataRevision, 200);
  });

  test("that sign in and end all sessions hand out each one once, and none is left behind", async (t) => {
    const nodes = await fifty(t);
    const records = nodes.flatMap(() => Array.from({ length: rounds }, () => sessionRecord()));
    const ended = await all(nodes, async (node, index) => {
      const mine: SessionRecord[] = [];
      for (const record of records.slice(index * rounds, (index + 1) * rounds)) {
        await node.insert(record, now);
        if (index % 5 === 0) mine.push(...(await node.deleteByUser("ada", "revoked", now)));
      }
      return mine;
    });
    const last = await nodes[0]!.deleteByUser("ada", "revoked", now);
    assert.deepEqual(idsOf([...ended.flat(), ...last]), idsOf(records));
    assert.deepEqual(await nodes[1]!.findByUser("ada"), []);
  });

  test("that sign in with the old password during its change leave no session", async (t) => {
    const nodes = (await fifty(t)).map((store) => new SessionManager({ store }));
    for (let round = 0; round < rounds; round++) {
      let password = "old";
      const stillValid = () => password === "old";
      await all(nodes, async (node, index) => {
        if (index === 25) {
          password = "new";
          await node.revokeAll("ada", { reason: "credentials-changed" });
          return;
        }
        await node.create("ada", { stillValid }).catch((error: unknown) => {
          if (!(error instanceof SignInRefusedError)) throw error;
        });
      });
      assert.deepEqual(await nodes[0]!.list("ada"), []);
    }
  });

  test("that prune at once remove each expired session once", async (t) => {
    const nodes = await fifty(t);
    const dead = Array.from({ length: 300 }, (_, index) =>
      sessionRecord({ userId: `${index}`, expiresAt: now }),
    );
    await all(nodes, async (node, index) => {
      for (const record of dead.filter((_, each) => each % 50 === index)) await node.insert(record, now - 1);
    });
    const removed = await all(nodes, async (node) => {
      const mine: SessionRecord[] = [];
      let from: string | undefined;
      do {
        const step = await node.deleteExpired(now, 20, from);
        mine.push(...step.expired);
        from = step.next;
      } while (from !== undefined);
      return mine;
    });
    assert.deepEqual(idsOf(removed.flat()), idsOf(dead));
  });

  // Proves ASVS 15.4.3.
  test("never were in a deadlock", async (t) => {
    const { rows } = await openPool(t, { connectionString: postgres.url }).query(
      "SELECT deadlocks::int FROM pg_stat_database WHERE datname = current_database()",
    );
    assert.deepEqual(rows, [{ deadlocks: 0 }]);
  });
});

/** Every node at the same time. */
function all<N, T>(nodes: readonly N[], deed: (node: N, index: number) => Promise<T>): Promise<T[]> {
  return Promise.all(nodes.map(deed));
}

function idsOf(records: readonly SessionRecord[]): string[] {
  return records.map(({ id }) => id).sort();
}
