/** Figures in PostgreSQL. Any number of servers may add to them at once. */
import type { Pool, QueryResult } from "pg";
import { ask } from "../storage/postgres-transaction.ts";
import {
  type AddressCount,
  type Figure,
  type FigureBatch,
  type Grain,
  grains,
  kept,
  startOf,
} from "./figure.ts";
import { type Census, type FigureStore } from "./figure-store.ts";
import { aliveName, batchMemory } from "./names.ts";

export class PostgresFigures implements FigureStore {
  readonly #pool: Pool;

  /** On tables that `migrateAccounts` made. */
  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /** All nodes add in the same order, so that none waits for another one that waits for it. */
  async add({ id, at, figures, addresses }: FigureBatch): Promise<void> {
    await this.#query(
      `WITH batch AS (
         INSERT INTO coatcheck_figure_batches (id, at) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING RETURNING 1
       ), counted AS (
         INSERT INTO coatcheck_figures AS known (grain, start, name, count)
         SELECT grain, start, name, count
         FROM json_to_recordset($3::json) AS figure (grain integer, start bigint, name text, count bigint)
         WHERE EXISTS (SELECT FROM batch)
         ORDER BY grain, start, name
         ON CONFLICT (grain, start, name) DO UPDATE SET count = known.count + excluded.count
       )
       INSERT INTO coatcheck_refused_addresses AS known (start, address, count)
       SELECT start, address, count
       FROM json_to_recordset($4::json) AS refused (start bigint, address text, count bigint)
       WHERE EXISTS (SELECT FROM batch)
       ORDER BY start, address
       ON CONFLICT (start, address) DO UPDATE SET count = known.count + excluded.count`,
      [id, at, JSON.stringify(figures), JSON.stringify(addresses)],
    );
  }

  async read(grain: Grain, from: number, to: number): Promise<readonly Figure[]> {
    const { rows } = await this.#query(
      "SELECT start, name, count FROM coatcheck_figures WHERE grain = $1 AND start >= $2 AND start <= $3",
      [grain, from, to],
    );
    return rows.map(({ start, name, count }) => ({
      grain,
      start: Number(start),
      name,
      count: Number(count),
    }));
  }

  async addresses(from: number, to: number, limit: number): Promise<readonly Omit<AddressCount, "start">[]> {
    const { rows } = await this.#query(
      `SELECT address, sum(count) AS count FROM coatcheck_refused_addresses WHERE start >= $1 AND start <= $2
       GROUP BY address ORDER BY sum(count) DESC, address LIMIT $3`,
      [from, to, limit],
    );
    return rows.map(({ address, count }) => ({ address, count: Number(count) }));
  }

  /** Positions are given before they are seen: what took longer comes after one that is further on. So they are counted too. */
  async version(): Promise<string> {
    const { rows } = await this.#query(
      `SELECT count(*) || '/' || coalesce(max(position), 0) || '/' ||
         (SELECT coalesce(max(counted_at), 0) FROM coatcheck_census) AS version FROM coatcheck_figure_batches`,
      [],
    );
    return String(rows[0].version);
  }

  async claimCensus(now: number, until: number, farthest: number): Promise<boolean> {
    const { rowCount } = await this.#query(
      `INSERT INTO coatcheck_census AS known (id, due_at) VALUES (1, $2::bigint)
       ON CONFLICT (id) DO UPDATE SET due_at = excluded.due_at
       WHERE known.due_at <= $1::bigint OR known.due_at > $3::bigint`,
      [now, until, farthest],
    );
    return rowCount === 1;
  }

  async noteCensus({ countedAt, alive }: Census, dueAt: number): Promise<void> {
    const places = Object.values(grains).map((grain) => ({ grain, start: startOf(grain, countedAt) }));
    await this.#query(
      `WITH noted AS (
         INSERT INTO coatcheck_census (id, due_at, counted_at, alive) VALUES (1, $1, $2, $3)
         ON CONFLICT (id) DO UPDATE
         SET due_at = excluded.due_at, counted_at = excluded.counted_at, alive = excluded.alive
       )
       INSERT INTO coatcheck_figures (grain, start, name, count)
       SELECT grain, start, $4, $3
       FROM json_to_recordset($5::json) AS place (grain integer, start bigint)
       ORDER BY grain, start
       ON CONFLICT (grain, start, name) DO UPDATE SET count = excluded.count`,
      [dueAt, countedAt, alive, aliveName, JSON.stringify(places)],
    );
  }

  async postponeCensus(dueAt: number): Promise<void> {
    await this.#query("UPDATE coatcheck_census SET due_at = $1", [dueAt]);
  }

  async census(): Promise<Census | undefined> {
    const { rows } = await this.#query(
      "SELECT counted_at, alive FROM coatcheck_census WHERE counted_at IS NOT NULL",
      [],
    );
    const [row] = rows;
    return row && { countedAt: Number(row.counted_at), alive: Number(row.alive) };
  }

  async deleteOld(now: number): Promise<void> {
    for (const grain of Object.values(grains)) {
      await this.#query("DELETE FROM coatcheck_figures WHERE grain = $1 AND start < $2", [
        grain,
        now - kept[grain],
      ]);
    }
    await this.#query("DELETE FROM coatcheck_refused_addresses WHERE start < $1", [now - kept[grains.hour]]);
    await this.#query("DELETE FROM coatcheck_figure_batches WHERE at < $1", [now - batchMemory]);
  }

  #query(text: string, values: readonly unknown[]): Promise<QueryResult> {
    return ask(this.#pool, text, values);
  }
}
