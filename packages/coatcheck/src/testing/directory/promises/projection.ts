import assert from "node:assert/strict";
import type { ProjectedDirectory } from "../../../core/session-directory.ts";
import type { SessionRecord } from "../../../core/store.ts";
import { beginning, sessionRecord } from "../../record.ts";
import { allAtOnce, type StoreCases } from "../../store/case.ts";
import { assertFound, listed, now } from "../searched.ts";

const found = (directory: ProjectedDirectory, expected: readonly SessionRecord[]) =>
  assertFound({ directory, store: undefined as never }, expected);

export const projection: StoreCases<ProjectedDirectory> = {
  "notes sessions as they are now, whether they are known or not": async ({ store, elsewhere }) => {
    const [ada, bob] = [sessionRecord(), sessionRecord({ userId: "bob" })];
    await store.note([listed(ada)]);
    await elsewhere.note([listed(ada), listed(bob)]);
    await found(store, [ada, bob]);
    const used = { ...ada, lastSeenAt: now + 60_000, expiresAt: now + 3_600_000 };
    await store.note([listed(used)]);
    const moved = { ...bob, client: { ip: "198.51.100.7" }, amr: ["remember"], authenticatedAt: now + 1 };
    await elsewhere.note([listed(moved)]);
    await found(elsewhere, [used, moved]);
    await store.note([]);
  },

  "forgets sessions; those that are not known are no mistake": async ({ store, elsewhere }) => {
    const [ada, bob, unknown] = [sessionRecord(), sessionRecord({ userId: "bob" }), sessionRecord()];
    await store.note([ada, bob].map(listed));
    await elsewhere.forget([ada!.id, unknown!.id]);
    await elsewhere.forget([]);
    await found(store, [bob]);
  },

  "many nodes may note at once": async (on) => {
    const records = Array.from({ length: 40 }, (_, index) => sessionRecord({ userId: `user${index % 7}` }));
    const orders = [records, records.toReversed(), records.toSorted((a, b) => (a.id < b.id ? 1 : -1))];
    await allAtOnce(on, [...orders, ...orders], (store, order) => store.note(order.map(listed)));
    await found(on.store, records);
    const [leaving, staying] = [records.slice(0, 20), records.slice(20)];
    await allAtOnce(on, [leaving, leaving.toReversed(), staying, staying.toReversed()], (store, some) =>
      some.length > 0 && leaving.includes(some[0]!)
        ? store.forget(some.map(({ id }) => id))
        : store.note(some.map(listed)),
    );
    await found(on.store, staying);
  },

  "looks at no more than about `batch` sessions from `from` on and removes those that expired": async ({
    store,
    elsewhere,
  }) => {
    const records = Array.from({ length: 25 }, (_, index) =>
      sessionRecord({ expiresAt: index % 3 === 0 ? now : now + 1, createdAt: beginning + index }),
    );
    await store.note(records.map(listed));
    const steps: number[] = [];
    let from: string | undefined;
    do {
      const { removed, next } = await elsewhere.deleteExpired(now, 4, from);
      steps.push(removed);
      from = next;
    } while (from !== undefined);
    assert.ok(steps.length >= 6 && steps.every((removed) => removed <= 4));
    assert.equal(
      steps.reduce((a, b) => a + b, 0),
      9,
    );
    await assertFound(
      { directory: store, store: undefined as never },
      records.filter(({ expiresAt }) => expiresAt > now),
      {},
      now - 1,
    );
  },
};
