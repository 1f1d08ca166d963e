/** Hearing of audit records as they are written. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { AuditQuery, AuditRecord, AuditStore } from "coatcheck";
import { MemorySessionStore } from "coatcheck/memory";
import { type AuditNews, AuditTail, isOfInterest } from "../../src/live/audit-tail.ts";

const start = 1_700_000_000_000;
const second = 1_000;

function record(name: string, at: number): AuditRecord {
  return { id: name, at, event: "created", userId: "ada" };
}

class Stage {
  readonly clock = { now: start };
  readonly store: AuditStore = new MemorySessionStore().audit;
  readonly heard: AuditNews[] = [];
  queries: AuditQuery[] = [];
  isAway = false;
  readonly tail = new AuditTail(
    {
      query: async (query) => {
        this.queries.push(query);
        if (this.isAway) throw new Error("away");
        return this.store.query(query);
      },
    },
    () => this.clock.now,
  );

  readonly hear = (news: AuditNews): void => void this.heard.push(news);

  async look(): Promise<string[]> {
    this.clock.now += second;
    await this.tail.look();
    return this.heard.splice(0).flatMap(({ records }) => records.map(({ id }) => id));
  }
}

describe("the tail of the audit", () => {
  test("tells what is written from now on, each once, and nothing from before", async () => {
    const stage = new Stage();
    await stage.store.append([record("before", start - second)]);
    const stop = await stage.tail.listen(stage.hear);
    assert.deepEqual(await stage.look(), []);
    await stage.store.append([record("first", start), record("second", start + 1)]);
    assert.deepEqual(await stage.look(), ["second", "first"]);
    assert.deepEqual(await stage.look(), []);
    stop();
  });

  test("tells of a record that another node wrote half a minute after it happened", async () => {
    const stage = new Stage();
    const stop = await stage.tail.listen(stage.hear);
    await stage.store.append([record("new", start)]);
    assert.deepEqual(await stage.look(), ["new"]);
    await stage.store.append([record("late", start - 30 * second)]);
    assert.deepEqual(await stage.look(), ["late"]);
    assert.deepEqual(await stage.look(), []);
    stop();
  });

  test("tells after an outage what was written during it, however long it took", async () => {
    const stage = new Stage();
    const stop = await stage.tail.listen(stage.hear);
    stage.isAway = true;
    await assert.rejects(stage.look());
    await stage.store.append([record("meanwhile", stage.clock.now)]);
    stage.clock.now += 3_600 * second;
    await assert.rejects(stage.look());
    stage.isAway = false;
    assert.deepEqual(await stage.look(), ["meanwhile"]);
    stop();
  });

  test("says that it passed something over when more came than it looks at, and keeps no more than that", async () => {
    const stage = new Stage();
    const stop = await stage.tail.listen(stage.hear);
    const storm = Array.from({ length: 250 }, (_, index) => record(`r${index}`, start + index));
    await stage.store.append(storm);
    await stage.tail.look();
    const [news] = stage.heard.splice(0);
    assert.deepEqual([news!.records.length, news!.skipped], [200, true]);
    await stage.store.append([record("after", start + 1_000)]);
    await stage.tail.look();
    assert.deepEqual(stage.heard, [{ records: [record("after", start + 1_000)], skipped: false }]);
    assert.ok(stage.queries.every(({ limit }) => limit === 200));
    stop();
  });

  test("asks once for all who listen, and not at all while nobody does", async (t) => {
    t.mock.timers.enable({ apis: ["setInterval"] });
    const stage = new Stage();
    const stops = [await stage.tail.listen(stage.hear), await stage.tail.listen(stage.hear)];
    assert.equal(stage.queries.length, 1);
    t.mock.timers.tick(second);
    await stage.tail.look();
    assert.equal(stage.queries.length, 2);
    for (const stop of stops) stop();
    t.mock.timers.tick(10 * second);
    assert.equal(stage.queries.length, 2);
  });

  test("tells who comes after all had left nothing of what happened meanwhile", async () => {
    const stage = new Stage();
    (await stage.tail.listen(stage.hear))();
    await stage.store.append([record("unheard", start)]);
    const stop = await stage.tail.listen(stage.hear);
    assert.deepEqual(await stage.look(), []);
    stop();
  });

  test("is not listened to while the store is away", async () => {
    const stage = new Stage();
    stage.isAway = true;
    await assert.rejects(stage.tail.listen(stage.hear), /away/);
  });

  test("is of interest by event, user and session, together or alone", () => {
    const of = { ...record("x", start), sessionId: "s" };
    assert.ok(isOfInterest({}, of));
    assert.ok(isOfInterest({ event: "created", userId: "ada", sessionId: "s" }, of));
    for (const other of [{ event: "revoked" }, { userId: "eve" }, { sessionId: "t" }])
      assert.equal(isOfInterest(other, of), false);
  });
});
