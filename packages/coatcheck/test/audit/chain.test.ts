/** What verifying finds, and what it cannot find: on a chain in a real database that somebody writes to. */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { describe, type TestContext, test } from "node:test";
import type { AuditSeal, AuditStore } from "../../src/audit/audit-store.ts";
import { type AuditVerification, sealAfter, verifyAudit } from "../../src/audit/chain.ts";
import { defaultRetention } from "../../src/audit/retention.ts";
import { SqliteSessionStore } from "../../src/stores/sqlite.ts";
import {
  allPages,
  assertIntact,
  sealAll,
  wholeChain,
  yearsLater,
} from "../../src/testing/audit/expectations.ts";
import { auditRecord, auditRecords, fullAuditRecord } from "../../src/testing/audit/record.ts";
import { beginning } from "../../src/testing/record.ts";

const day = 24 * 60 * 60_000;

interface Scene {
  readonly audit: AuditStore;
  readonly db: DatabaseSync;
  /** The head when the ten records had been sealed. */
  readonly head: AuditSeal;
}

/** Somebody may write to the database and has got rid of what guards against mistakes. */
async function emptyScene(t: TestContext): Promise<Pick<Scene, "audit" | "db">> {
  const db = new DatabaseSync(":memory:");
  t.after(() => db.close());
  const { audit } = new SqliteSessionStore(db);
  db.exec("DROP TRIGGER coatcheck_audit_not_changed; DROP TRIGGER coatcheck_audit_not_deleted");
  return { audit, db };
}

/** As `emptyScene`, with ten sealed records. */
async function scene(t: TestContext): Promise<Scene> {
  const { audit, db } = await emptyScene(t);
  const records = auditRecords(9, { userId: "ada", reason: "logout" });
  await audit.append([...records, fullAuditRecord({ at: beginning + 9 })]);
  await sealAll(audit, 4);
  const { head } = await audit.chain(0, 0);
  return { audit, db, head };
}

function found({ breaks }: AuditVerification): string[] {
  return breaks.map(({ problem, position, count }) => `${problem} ${position} ${count}`);
}

describe("Verifying finds", () => {
  const columns = {
    at: "at = at + 1",
    id: "id = 'another'",
    event: "event = 'revoked'",
    user: "user_id = 'eve'",
    "no user any more": "user_id = NULL",
    session: "session_id = 'x'",
    reason: "reason = 'revoked'",
    "correlation id": "correlation_id = 'x'",
    client: `client = '{"ip":"203.0.113.9"}'`,
    "client that is no JSON": "client = '{'",
    details: `details = '{"amr":["hwk"]}'`,
    "details that are no object": "details = '[]'",
  };
  for (const [what, change] of Object.entries(columns)) {
    test(`an edit of one sealed record, and where it is: ${what}`, async (t) => {
      const { audit, db } = await scene(t);
      db.exec(`UPDATE coatcheck_audit SET ${change} WHERE position = 4`);
      const verification = await verifyAudit(audit);
      assert.equal(verification.intact, false);
      assert.deepEqual(found(verification), ["changed 4 1"]);
      assert.equal(verification.breaks[0]!.record!.at - beginning, change.startsWith("at") ? 4 : 3);
    });
  }

  test("an edit that only other readers of the database see", async (t) => {
    const { audit, db } = await scene(t);
    db.exec(
      `UPDATE coatcheck_audit SET client = '{"ip":"203.0.113.9",' || substr(client, 2) WHERE position = 10`,
    );
    assert.deepEqual(found(await verifyAudit(audit)), ["changed 10 1"]);
  });

  test("a hash that was taken away", async (t) => {
    const { audit, db } = await scene(t);
    db.exec("UPDATE coatcheck_audit SET hash = NULL WHERE position = 4");
    assert.deepEqual(found(await verifyAudit(audit)), ["changed 4 1", "changed 5 1"]);
  });

  test("an edit whose hash was made anew, at the next record", async (t) => {
    const { audit, db } = await scene(t);
    db.exec("UPDATE coatcheck_audit SET reason = 'x' WHERE position = 4");
    const chain = await wholeChain(audit);
    const { hash } = sealAfter(chain[2]!, chain[3]!.record);
    db.prepare("UPDATE coatcheck_audit SET hash = ? WHERE position = 4").run(hash);
    assert.deepEqual(found(await verifyAudit(audit)), ["changed 5 1"]);
  });

  test("a deleted record, wherever it stood", async (t) => {
    for (const position of [1, 5, 10]) {
      const { audit, db } = await scene(t);
      db.exec(`DELETE FROM coatcheck_audit WHERE position = ${position}`);
      assert.deepEqual(found(await verifyAudit(audit)), [`missing ${position} 1`]);
    }
  });

  test("several deleted records, and how many", async (t) => {
    const { audit, db } = await scene(t);
    db.exec("DELETE FROM coatcheck_audit WHERE position BETWEEN 3 AND 6 OR position > 8");
    assert.deepEqual(found(await verifyAudit(audit)), ["missing 3 4", "missing 9 2"]);
  });

  test("that everything was deleted", async (t) => {
    const { audit, db } = await scene(t);
    db.exec("DELETE FROM coatcheck_audit");
    assert.deepEqual(found(await verifyAudit(audit)), ["missing 1 10"]);
  });

  test("a deleted record whose successors moved up", async (t) => {
    const { audit, db } = await scene(t);
    db.exec("DELETE FROM coatcheck_audit WHERE position = 5");
    for (let position = 6; position <= 10; position++) {
      db.exec(`UPDATE coatcheck_audit SET position = ${position - 1} WHERE position = ${position}`);
    }
    assert.deepEqual(found(await verifyAudit(audit)), ["changed 5 1", "missing 10 1"]);
  });

  test("two records that changed places", async (t) => {
    const { audit, db } = await scene(t);
    db.exec(`
      UPDATE coatcheck_audit SET position = 99 WHERE position = 4;
      UPDATE coatcheck_audit SET position = 4 WHERE position = 7;
      UPDATE coatcheck_audit SET position = 7 WHERE position = 99;`);
    assert.deepEqual(found(await verifyAudit(audit)), [
      "changed 4 1",
      "changed 5 1",
      "changed 7 1",
      "changed 8 1",
    ]);
  });

  test("a record that was put in front, or behind", async (t) => {
    for (const position of [0, -7, 11, 40]) {
      const { audit, db } = await scene(t);
      await audit.append([auditRecord({ id: "planted" })]);
      db.exec(`UPDATE coatcheck_audit SET position = ${position}, hash = 'x' WHERE id = 'planted'`);
      const verification = await verifyAudit(audit);
      assert.deepEqual(found(verification), [`surplus ${position} 1`]);
      assert.equal(verification.breaks[0]!.record!.id, "planted");
    }
  });

  test("a record that was taken out to be sealed once more", async (t) => {
    const { audit, db } = await scene(t);
    db.exec("UPDATE coatcheck_audit SET position = NULL, hash = NULL, reason = 'x' WHERE position = 4");
    await sealAll(audit);
    assert.deepEqual(found(await verifyAudit(audit)), ["missing 4 1"]);
  });

  test("that the notes about the chain were changed", async (t) => {
    const changes = {
      "head_hash = 'x'": ["changed 10 1"],
      "head_position = 9": ["surplus 10 1", "changed 9 1"],
      "head_position = 12": ["missing 11 2"],
      "start_hash = 'x'": ["changed 1 1"],
      "start_position = 3": ["surplus 1 1", "surplus 2 1", "surplus 3 1", "changed 4 1", "beginning 1 3"],
    };
    for (const [change, expected] of Object.entries(changes)) {
      const { audit, db } = await scene(t);
      db.exec(`UPDATE coatcheck_audit_chain SET ${change}`);
      assert.deepEqual(found(await verifyAudit(audit, { now: () => beginning })), expected, change);
    }
    const { audit, db } = await scene(t);
    db.exec("INSERT INTO coatcheck_audit_chain SELECT * FROM coatcheck_audit_chain");
    assert.equal((await verifyAudit(audit)).intact, false);
    db.exec("DELETE FROM coatcheck_audit_chain");
    assert.equal((await verifyAudit(audit)).intact, false);
  });

  test("the first hundred breaks, and is done", async (t) => {
    const { audit, db } = await scene(t);
    await audit.append(auditRecords(1_200, { at: beginning + 100 }));
    await sealAll(audit);
    db.exec("UPDATE coatcheck_audit SET reason = 'x'");
    const { breaks, checked } = await verifyAudit(audit);
    assert.equal(breaks.length, 100);
    assert.equal(checked, 1_210);
  });
});

describe("What only a published head shows:", () => {
  test("a chain that was made anew from an edited record on", async (t) => {
    const { audit, db, head } = await scene(t);
    db.exec("UPDATE coatcheck_audit SET reason = 'x' WHERE position = 4");
    await rewrite(audit, db);
    assert.equal((await verifyAudit(audit)).intact, true);
    assert.deepEqual(found(await verifyAudit(audit, { published: head })), ["rewritten 10 1"]);
  });

  test("an end that was cut off with the notes about it", async (t) => {
    const { audit, db, head } = await scene(t);
    db.exec(`
      DELETE FROM coatcheck_audit WHERE position > 7;
      UPDATE coatcheck_audit_chain SET head_position = 7,
        head_hash = (SELECT hash FROM coatcheck_audit WHERE position = 7)`);
    assert.equal((await verifyAudit(audit)).intact, true);
    assert.deepEqual(found(await verifyAudit(audit, { published: head })), ["missing 8 3"]);
  });

  test("a record with an old date that was put in, to remove all before it", async (t) => {
    const { audit, db, head } = await scene(t);
    await audit.append([auditRecord({ at: beginning - 4 * defaultRetention })]);
    await sealAll(audit);
    cutOff(db, 10);
    const now = () => beginning;
    assert.equal((await verifyAudit(audit, { now })).intact, true);
    assert.deepEqual(found(await verifyAudit(audit, { now, published: head })), ["beginning 1 10"]);
  });

  test("it still holds when the chain has grown, and when retention has come up to it", async (t) => {
    const { audit, head } = await scene(t);
    await audit.append(auditRecords(5, { at: beginning + 100 }));
    await sealAll(audit);
    const options = { published: head, now: yearsLater };
    assert.equal((await verifyAudit(audit, options)).intact, true);
    await audit.deleteOlder(beginning + 50, 100);
    const { intact, start } = await verifyAudit(audit, options);
    assert.equal(intact, true);
    assert.equal(start.position, 9);
  });

  test("one that is older than what is kept shows nothing, and is not said to be intact", async (t) => {
    const { audit } = await scene(t);
    await audit.deleteOlder(beginning + 5, 100);
    const published = { position: 2, hash: "x" };
    assert.deepEqual(found(await verifyAudit(audit, { published, now: yearsLater })), ["beginning 1 4"]);
  });
});

/** Issue 4, 8: what retention may do, nobody else can do to what is younger. */
describe("A beginning that was cut off, with the notes about it,", () => {
  const retention = 30 * day;
  const today = beginning + 100 * day;
  /** A record a day: the last of today. */
  async function hundredDays(t: TestContext): Promise<Pick<Scene, "audit" | "db">> {
    const { audit, db } = await emptyScene(t);
    await audit.append(
      Array.from({ length: 101 }, (_, index) => auditRecord({ at: beginning + index * day })),
    );
    await sealAll(audit);
    return { audit, db };
  }
  const verify = (audit: AuditStore, since = retention) =>
    verifyAudit(audit, { retention: since, now: () => today });

  test("is found if it was the first half", async (t) => {
    const { audit, db } = await hundredDays(t);
    assert.equal((await verify(audit)).intact, true);
    cutOff(db, 75);
    const verification = await verify(audit);
    assert.deepEqual(found(verification), ["beginning 1 75"]);
    assert.equal(verification.breaks[0]!.record!.at, beginning + 75 * day);
    assert.equal(verification.since, beginning + 75 * day);
  });

  test("is found if it was all", async (t) => {
    const { audit, db } = await hundredDays(t);
    cutOff(db, 101);
    const verification = await verify(audit);
    assert.deepEqual(found(verification), ["beginning 1 101"]);
    assert.equal(verification.since, undefined);
  });

  test("is found after retention has removed what it may, if more is gone", async (t) => {
    const { audit, db } = await hundredDays(t);
    await audit.deleteOlder(today - retention, 1_000);
    const { breaks, since } = await verify(audit);
    assert.deepEqual([breaks, since], [[], beginning + 69 * day]);
    cutOff(db, 71);
    assert.deepEqual(found(await verify(audit)), ["beginning 1 71"]);
  });

  test("is not concealed by an edit of what is left", async (t) => {
    const { audit, db } = await hundredDays(t);
    cutOff(db, 75);
    db.exec(`UPDATE coatcheck_audit SET at = ${beginning} WHERE position = 76`);
    assert.deepEqual(found(await verify(audit)), ["changed 76 1"]);
  });

  test("is found by what `startAuditUpkeep` allows, where nothing else is said", async (t) => {
    const { audit, db } = await hundredDays(t);
    cutOff(db, 1);
    const verifyAfter = (days: number) => verifyAudit(audit, { now: () => beginning + days * day });
    assert.deepEqual(found(await verifyAfter(400)), ["beginning 1 1"]);
    assert.equal((await verifyAfter(402)).intact, true);
  });

  test("cannot be told from a retention that was raised, until that has passed", async (t) => {
    const { audit } = await hundredDays(t);
    await audit.deleteOlder(today - retention, 1_000);
    assert.deepEqual(found(await verify(audit, 60 * day)), ["beginning 1 69"]);
    assert.deepEqual(found(await verify(audit, Number.POSITIVE_INFINITY)), ["beginning 1 69"]);
    const later = { retention: 60 * day, now: () => today + 30 * day };
    assert.equal((await verifyAudit(audit, later)).intact, true);
  });

  test("is not suspected where a clock of another node was ahead by a minute, or nothing happens for years", async (t) => {
    const { audit } = await hundredDays(t);
    await audit.deleteOlder(today + 60_000 - retention, 1_000);
    assert.equal((await verify(audit)).since, beginning + 70 * day);
    assert.equal((await verify(audit)).intact, true);
    await audit.deleteOlder(today + 4_000 * day, 1_000);
    assert.equal((await verifyAudit(audit, { now: () => today + 4_000 * day })).intact, true);
  });

  test("takes a retention of at least a day", async (t) => {
    const { audit } = await hundredDays(t);
    await assert.rejects(verify(audit, 400), /^TypeError: retention must be at least a day/);
  });
});

describe("An integer that no number can hold", () => {
  const huge = ["1152921504606846977", "9223372036854775807", "-1152921504606846977", "-9223372036854775808"];

  test("is found in the time of a record, which hides no other record of its page", async (t) => {
    for (const at of huge) {
      const { audit, db } = await scene(t);
      db.exec(`UPDATE coatcheck_audit SET at = ${at} WHERE position = 4`);
      assert.deepEqual(found(await verifyAudit(audit)), ["changed 4 1"]);
      for (const limit of [1, 3, 50]) {
        const records = await allPages(audit, { limit });
        assert.equal(records.length, 10);
        const [edited, ...others] = records.filter(({ details }) => details?.unreadable);
        assert.deepEqual([edited!.details, others], [{ unreadable: ["at"] }, []]);
        assert.doesNotThrow(() => new Date(edited!.at).toISOString());
      }
    }
  });

  test("is found in the place of a record, and does not keep verifying from its end", async (t) => {
    for (const position of huge) {
      const { audit, db } = await scene(t);
      db.exec(`UPDATE coatcheck_audit SET position = ${position} WHERE position = 4`);
      const expected = ["missing 4 1", `surplus ${Number(position)} 1`];
      assert.deepEqual(found(await verifyAudit(audit)).sort(), expected);
    }
    const { audit, db } = await scene(t);
    await audit.append(auditRecords(1_200, { at: beginning + 100 }));
    await sealAll(audit);
    db.exec("UPDATE coatcheck_audit SET position = -9223372036854775808 + position WHERE position > 10");
    assert.equal((await verifyAudit(audit)).breaks.length, 100);
  });

  test("is found in the notes about the chain", async (t) => {
    for (const column of ["head_position", "start_position"]) {
      for (const position of huge) {
        const { audit, db } = await scene(t);
        db.exec(`UPDATE coatcheck_audit_chain SET ${column} = ${position}`);
        assert.equal((await verifyAudit(audit)).intact, false);
      }
    }
  });

  test("keeps nothing from being sealed", async (t) => {
    const { audit, db } = await scene(t);
    db.exec(`INSERT INTO coatcheck_audit (at, id, event) VALUES (${huge[0]}, 'planted', 'created')`);
    await audit.append(auditRecords(3, { at: beginning + 100 }));
    assert.deepEqual(await sealAll(audit), [4, 0]);
    await assertIntact(audit, 14);
  });
});

describe("Verifying raises no alarm", () => {
  test("about records that are not sealed yet, whatever happens to them", async (t) => {
    const { audit, db } = await scene(t);
    await audit.append(auditRecords(3, { at: beginning + 100 }));
    db.exec("UPDATE coatcheck_audit SET reason = 'x' WHERE position IS NULL");
    await assertIntact(audit, 10);
  });

  test("while others add, seal and remove", async (t) => {
    const db = new DatabaseSync(":memory:");
    t.after(() => db.close());
    const { audit } = new SqliteSessionStore(db);
    await audit.append(auditRecords(2_000));
    await sealAll(audit);
    const verifying = verifyAudit(audit, { now: yearsLater });
    for (let round = 1; round <= 20; round++) {
      await audit.append(auditRecords(10, { at: beginning + 10_000 + round }));
      await audit.seal(7);
      await audit.deleteOlder(beginning + round * 95, 100);
      await new Promise((resolve) => setImmediate(resolve));
    }
    const { breaks, start } = await verifying;
    assert.deepEqual(breaks, []);
    assert.ok(start.position > 0);
  });
});

describe("Against mistakes, SQLite", () => {
  const refused = {
    "changes no sealed record": "UPDATE coatcheck_audit SET reason = 'x' WHERE position = 1",
    "changes no record that is not sealed yet":
      "UPDATE coatcheck_audit SET user_id = 'eve' WHERE position IS NULL",
    "lets no record out of the chain": "UPDATE coatcheck_audit SET position = NULL WHERE position = 1",
    "deletes no sealed record": "DELETE FROM coatcheck_audit WHERE position = 1",
    "deletes no record that is not sealed yet": "DELETE FROM coatcheck_audit WHERE position IS NULL",
    "deletes not all of them": "DELETE FROM coatcheck_audit",
  };
  for (const [what, sql] of Object.entries(refused)) {
    test(what, async (t) => {
      const db = new DatabaseSync(":memory:");
      t.after(() => db.close());
      const { audit } = new SqliteSessionStore(db);
      await audit.append(auditRecords(2));
      await audit.seal(1);
      assert.throws(() => db.exec(sql), /Audit records are (never changed|deleted by retention alone)/);
      await sealAll(audit);
      await assertIntact(audit, 2);
    });
  }
});

/** What retention does, done by somebody else. */
function cutOff(db: DatabaseSync, position: number): void {
  db.exec(`
    UPDATE coatcheck_audit_chain SET start_position = ${position},
      start_hash = (SELECT hash FROM coatcheck_audit WHERE position = ${position});
    DELETE FROM coatcheck_audit WHERE position <= ${position}`);
}

/** What somebody does who may write to the database and knows how the chain is made. */
async function rewrite(audit: AuditStore, db: DatabaseSync): Promise<void> {
  let last: AuditSeal = { position: 0, hash: "" };
  for (const { record } of await wholeChain(audit)) {
    last = sealAfter(last, record);
    db.prepare("UPDATE coatcheck_audit SET hash = ? WHERE position = ?").run(last.hash, last.position);
  }
  db.prepare("UPDATE coatcheck_audit_chain SET head_hash = ?").run(last.hash);
}
