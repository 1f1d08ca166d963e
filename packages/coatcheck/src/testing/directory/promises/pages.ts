import assert from "node:assert/strict";
import type { ListedSession, SessionQuery, SessionSort } from "../../../core/session-directory.ts";
import { beginning, sessionRecord } from "../../record.ts";
import type { StoreCases } from "../../store/case.ts";
import { allPages, ids, insertAll, now, type SearchedSessions } from "../searched.ts";

const sorts: readonly SessionSort[] = ["last-active", "signed-in", "user"];

export const pages: StoreCases<SearchedSessions> = {
  "pages follow each other without a gap and without a repetition, forwards and backwards, whatever is added or ended meanwhile":
    async ({ store: on, elsewhere }) => {
      const records = Array.from({ length: 12 }, (_, index) =>
        sessionRecord({
          userId: `user${String(index % 4)}`,
          createdAt: beginning - index,
          lastSeenAt: beginning - index,
          client: { ip: "192.0.2.1" },
        }),
      );
      await insertAll(on, records);
      for (const sort of sorts) {
        for (const filter of [{}, { address: "192.0.2.1" }, { userAgent: [] }]) {
          const query = { ...filter, sort, limit: 3 };
          const all = await allPages(on, query);
          assert.deepEqual(ids(all.flat()).toSorted(), ids(records).toSorted());
          assert.deepEqual(await allPagesBack(on, query), all.flat());
        }
      }
      const seen: ListedSession[] = [];
      let after: string | undefined;
      do {
        const page = await on.directory.query({ sort: "signed-in", limit: 3, ...(after && { after }) }, now);
        seen.push(...page.sessions);
        after = page.next;
        await insertAll(elsewhere, [
          sessionRecord({ userId: "new", createdAt: beginning + seen.length }),
          sessionRecord({ userId: "newer", createdAt: beginning + seen.length }),
        ]);
        // The one that the next page begins behind.
        await elsewhere.store.delete(seen.at(-1)!.id, "logout", now);
        await elsewhere.settle?.();
        await on.settle?.();
      } while (after);
      assert.deepEqual(ids(seen), ids(records));
    },

  "sessions of the same millisecond are all on some page": async ({ store: on }) => {
    const records = Array.from({ length: 10 }, () => sessionRecord());
    await insertAll(on, records);
    for (const sort of sorts) {
      for (const limit of [4, 10]) {
        const found = (await allPages(on, { sort, limit })).flat();
        assert.deepEqual(ids(found).toSorted(), ids(records).toSorted());
      }
    }
  },

  "the first page leads not back, and the last one not on": async ({ store: { directory }, store: on }) => {
    await insertAll(
      on,
      Array.from({ length: 6 }, () => sessionRecord()),
    );
    const first = await directory.query({ limit: 5 }, now);
    assert.equal(first.previous, undefined);
    const last = await directory.query({ limit: 5, after: first.next! }, now);
    assert.equal(last.sessions.length, 1);
    assert.equal(last.next, undefined);
    const again = await directory.query({ limit: 5, before: last.previous! }, now);
    assert.deepEqual(ids(again.sessions), ids(first.sessions));
    assert.equal(again.previous, undefined);
    assert.equal((await directory.query({ limit: 6 }, now)).next, undefined);
  },

  "it looks at a bounded number of sessions, so that nobody waits for it: a page may be short, or empty, and still lead on":
    async ({ store: on }) => {
      const records = Array.from({ length: 1_100 }, (_, index) =>
        sessionRecord({
          userId: `user${index % 100}`,
          createdAt: beginning - index,
          lastSeenAt: beginning - index,
          client: {
            ip: index === 1 ? "198.51.100.1" : "192.0.2.1",
            userAgent: index < 1_098 ? "one" : "two",
          },
        }),
      );
      await insertAll(on, records);
      const rare = records.slice(1_098).map(({ id }) => id);
      for (const sort of sorts) {
        const found = await allPages(on, { sort, userAgent: ["two"], limit: 5 });
        assert.deepEqual(ids(found.flat()).toSorted(), rare.toSorted());
        const many = { sort, address: "192.0.2.1", limit: 400 };
        assert.equal((await allPages(on, many)).flat().length, 1_099);
      }
      assert.equal((await allPagesBack(on, { userAgent: ["one"], limit: 400 })).length, 1_098);
    },

  "where nothing that fits is left before a page, the page before it is the first one": async ({
    store: on,
    elsewhere,
  }) => {
    const records = Array.from({ length: 6 }, (_, index) =>
      sessionRecord({
        createdAt: beginning - index,
        client: { ip: "192.0.2.1", userAgent: `phone ${index}` },
      }),
    );
    await insertAll(on, records);
    const filters = [{}, { userId: "ada" }, { userAgent: ["phone"] }];
    const asked = filters.map((filter) => ({ ...filter, sort: "signed-in" as const, limit: 2 }));
    const previous = await Promise.all(
      asked.map(async (query) => {
        const { next } = await on.directory.query(query, now);
        return (await on.directory.query({ ...query, after: next! }, now)).previous!;
      }),
    );
    for (const { id } of records.slice(0, 2)) await elsewhere.store.delete(id, "logout", now);
    await elsewhere.settle?.();
    await on.settle?.();
    for (const [place, query] of asked.entries()) {
      const first = await on.directory.query({ ...query, before: previous[place]! }, now);
      assert.deepEqual(ids(first.sessions), ids(records.slice(2, 4)));
      assert.equal(first.previous, undefined);
      const { sessions } = await on.directory.query({ ...query, after: first.next! }, now);
      assert.deepEqual(ids(sessions), ids(records.slice(4)));
    }
  },

  "a limit or a text out of its range is a TypeError, and the largest are none": async ({
    store: { directory },
    store: on,
  }) => {
    const whole = "x".repeat(512);
    const record = sessionRecord({ client: { userAgent: whole } });
    await insertAll(on, [record, sessionRecord()]);
    for (const limit of [0, -1, 1.5, Number.NaN, 1_001, "5" as unknown as number])
      await assert.rejects(directory.query({ limit }, now), TypeError, String(limit));
    for (const userAgent of [new Array(33).fill("x"), [`${whole}x`]])
      await assert.rejects(directory.query({ limit: 5, userAgent }, now), TypeError);
    const userAgent = Array.from({ length: 32 }, () => whole);
    assert.deepEqual(ids((await directory.query({ limit: 1_000, userAgent }, now)).sessions), [record.id]);
  },

  "a cursor that is none, or two at once, is a TypeError": async ({ store: { directory }, store: on }) => {
    await insertAll(on, [sessionRecord(), sessionRecord()]);
    const { next } = await directory.query({ limit: 1 }, now);
    for (const cursor of ["", "1", "x.y", "W10", Buffer.from('["1","x"]').toString("base64url")]) {
      await assert.rejects(directory.query({ limit: 1, after: cursor }, now), TypeError, cursor);
      await assert.rejects(directory.query({ limit: 1, before: cursor }, now), TypeError, cursor);
    }
    await assert.rejects(directory.query({ limit: 1, after: next!, before: next! }, now), TypeError);
    await assert.rejects(directory.query({ limit: 1, after: next!, sort: "user" }, now), TypeError);
  },
};

/** From the last session of a query back to its first one. */
async function allPagesBack(
  { directory }: SearchedSessions,
  query: SessionQuery,
): Promise<readonly ListedSession[]> {
  const found: ListedSession[] = [];
  let place: { readonly after?: string; readonly before?: string } = {};
  for (;;) {
    const page = await directory.query({ ...query, ...place }, now);
    if (page.next === undefined) break;
    place = { after: page.next };
  }
  let page = await directory.query({ ...query, ...place }, now);
  for (;;) {
    found.unshift(...page.sessions);
    if (page.previous === undefined) return found;
    page = await directory.query({ ...query, before: page.previous }, now);
  }
}
