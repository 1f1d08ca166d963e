import assert from "node:assert/strict";
import { test } from "node:test";
import { PostgresFigures } from "../../src/figures/postgres-figures.ts";
import { useAccountPools } from "../support/account-pools.ts";
import { describeFigureStore } from "./figure-store-suite.ts";

const open = useAccountPools();

describeFigureStore("PostgreSQL", async () => {
  const { connect, close } = open();
  return { connect: async () => new PostgresFigures(await connect()), close };
});

test("what one node began to add before another one, and ended after it, is told in PostgreSQL too", async () => {
  const { connect, close } = open();
  try {
    const pool = await connect();
    const figures = new PostgresFigures(pool);
    const slow = await pool.connect();
    await slow.query("BEGIN; INSERT INTO coatcheck_figure_batches (id, at) VALUES ('slow', 1)");
    await figures.add({ id: "fast", at: 1, figures: [], addresses: [] });
    const before = await figures.version();
    await slow.query("COMMIT");
    slow.release();
    assert.notEqual(await figures.version(), before);
  } finally {
    await close();
  }
});
