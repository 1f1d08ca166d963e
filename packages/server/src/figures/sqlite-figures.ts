/** Figures in SQLite. */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { inTransaction } from "../database.ts";
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

export class SqliteFigures implements FigureStore {
  readonly #database: DatabaseSync;
  readonly #note: StatementSync;
  readonly #add: StatementSync;
  readonly #set: StatementSync;
  readonly #addAddress: StatementSync;
  readonly #read: StatementSync;
  readonly #addresses: StatementSync;
  readonly #version: StatementSync;
  readonly #claim: StatementSync;
  readonly #noteCensus: StatementSync;
  readonly #postpone: StatementSync;
  readonly #census: StatementSync;
  readonly #deleteFigures: StatementSync;
  readonly #deleteAddresses: StatementSync;
  readonly #deleteBatches: StatementSync;

  /** On tables that `migrateAccounts` made. */
  constructor(database: DatabaseSync) {
    this.#database = database;
    const prepare = (sql: string) => database.prepare(sql);
    this.#note = prepare("INSERT OR IGNORE INTO coatcheck_figure_batches (id, at) VALUES (?, ?)");
    this.#add = prepare(
      `INSERT INTO coatcheck_figures (grain, start, name, count) VALUES (?, ?, ?, ?)
       ON CONFLICT (grain, start, name) DO UPDATE SET count = count + excluded.count`,
    );
    this.#set = prepare(
      `INSERT INTO coatcheck_figures (grain, start, name, count) VALUES (?, ?, ?, ?)
       ON CONFLICT (grain, start, name) DO UPDATE SET count = excluded.count`,
    );
    this.#addAddress = prepare(
      `INSERT INTO coatcheck_refused_addresses (start, address, count) VALUES (?, ?, ?)
       ON CONFLICT (start, address) DO UPDATE SET count = count + excluded.count`,
    );
    this.#read = prepare(
      "SELECT grain, start, name, count FROM coatcheck_figures WHERE grain = ? AND start >= ? AND start <= ?",
    );
    this.#addresses = prepare(
      `SELECT address, sum(count) AS count FROM coatcheck_refused_addresses WHERE start >= ? AND start <= ?
       GROUP BY address ORDER BY sum(count) DESC, address LIMIT ?`,
    );
    this.#version = prepare(
      `SELECT coalesce(max(position), 0) || '/' ||
         (SELECT coalesce(max(counted_at), 0) FROM coatcheck_census) AS version FROM coatcheck_figure_batches`,
    );
    this.#claim = prepare(
      `INSERT INTO coatcheck_census (id, due_at) VALUES (1, ?2)
       ON CONFLICT (id) DO UPDATE SET due_at = ?2 WHERE due_at <= ?1 OR due_at > ?3`,
    );
    this.#noteCensus = prepare(
      `INSERT INTO coatcheck_census (id, due_at, counted_at, alive) VALUES (1, ?1, ?2, ?3)
       ON CONFLICT (id) DO UPDATE SET due_at = ?1, counted_at = ?2, alive = ?3`,
    );
    this.#postpone = prepare("UPDATE coatcheck_census SET due_at = ?");
    this.#census = prepare("SELECT counted_at, alive FROM coatcheck_census WHERE counted_at IS NOT NULL");
    this.#deleteFigures = prepare("DELETE FROM coatcheck_figures WHERE grain = ? AND start < ?");
    this.#deleteAddresses = prepare("DELETE FROM coatcheck_refused_addresses WHERE start < ?");
    this.#deleteBatches = prepare("DELETE FROM coatcheck_figure_batches WHERE at < ?");
  }

  async add({ id, at, figures, addresses }: FigureBatch): Promise<void> {
    inTransaction(this.#database, () => {
      if (this.#note.run(id, at).changes === 0) return false;
      for (const { grain, start, name, count } of figures) this.#add.run(grain, start, name, count);
      for (const { start, address, count } of addresses) this.#addAddress.run(start, address, count);
      return true;
    });
  }

  async read(grain: Grain, from: number, to: number): Promise<readonly Figure[]> {
    const rows = this.#read.all(grain, from, to) as unknown as Figure[];
    return rows.map((row) => ({ ...row }));
  }

  async addresses(from: number, to: number, limit: number): Promise<readonly Omit<AddressCount, "start">[]> {
    const rows = this.#addresses.all(from, to, limit) as unknown as Omit<AddressCount, "start">[];
    return rows.map((row) => ({ ...row }));
  }

  async version(): Promise<string> {
    return String(this.#version.get()?.version);
  }

  async claimCensus(now: number, until: number, farthest: number): Promise<boolean> {
    return this.#claim.run(now, until, farthest).changes === 1;
  }

  async noteCensus({ countedAt, alive }: Census, dueAt: number): Promise<void> {
    inTransaction(this.#database, () => {
      this.#noteCensus.run(dueAt, countedAt, alive);
      for (const grain of Object.values(grains)) {
        this.#set.run(grain, startOf(grain, countedAt), aliveName, alive);
      }
      return true;
    });
  }

  async postponeCensus(dueAt: number): Promise<void> {
    this.#postpone.run(dueAt);
  }

  async census(): Promise<Census | undefined> {
    const row = this.#census.get() as { counted_at: number; alive: number } | undefined;
    return row && { countedAt: row.counted_at, alive: row.alive };
  }

  async deleteOld(now: number): Promise<void> {
    for (const grain of Object.values(grains)) this.#deleteFigures.run(grain, now - kept[grain]);
    this.#deleteAddresses.run(now - kept[grains.hour]);
    this.#deleteBatches.run(now - batchMemory);
  }
}
