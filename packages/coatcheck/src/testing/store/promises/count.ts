import assert from "node:assert/strict";
import type { SessionStore } from "../../../core/store.ts";
import { beginning, sessionRecord } from "../../record.ts";
import type { StoreCases } from "../case.ts";
import { insertAll } from "../expectations.ts";

const now = beginning + 60_000;

/** Of stores that count at all. */
export const count: StoreCases = {
  "looks at no more than about `batch` sessions from `from` on and counts those that are alive at `now`":
    async ({ store, elsewhere }) => {
      if (!store.countAlive) return;
      await insertAll(store, [...many(40, now), ...many(30, now + 1)], beginning);
      const { counted, steps } = await countAll(elsewhere, now, 10);
      assert.equal(counted, 30);
      assert.ok(steps > 3, `${steps} steps of 10`);
    },

  "counts no tombstones, and changes nothing": async ({ store }) => {
    if (!store.countAlive) return;
    const [ended, expired, alive] = [...many(2, now + 1), ...many(1, now)];
    await insertAll(store, [ended!, expired!, alive!], beginning);
    await store.delete(ended!.id, "logout", beginning);
    assert.equal((await countAll(store, beginning, 10)).counted, 2);
    assert.equal((await countAll(store, now, 10)).counted, 1);
    assert.ok(await store.find(alive!.id), "It expired, but nobody has removed it");
  },

  "counts nothing where there is nothing": async ({ store }) => {
    if (!store.countAlive) return;
    assert.equal((await countAll(store, now, 10)).counted, 0);
  },
};

async function countAll(
  store: SessionStore,
  at: number,
  batch: number,
): Promise<{ readonly counted: number; readonly steps: number }> {
  let counted = 0;
  let steps = 0;
  let from: string | undefined;
  do {
    const { alive, next } = await store.countAlive!(at, batch, from);
    counted += alive;
    steps += 1;
    assert.ok(steps < 10_000, "The walk does not come to an end");
    from = next;
  } while (from !== undefined);
  return { counted, steps };
}

function many(howMany: number, expiresAt: number) {
  return Array.from({ length: howMany }, () => sessionRecord({ expiresAt }));
}
