/** A connection to a database, the store's own or the application's: its statements, transactions and end. */
import { DatabaseSync, type SQLInputValue, type SQLOutputValue, type StatementSync } from "node:sqlite";
import { Gathered } from "../../core/gathered.ts";
import { endOfTurn } from "../../core/turn.ts";
import { DatabaseFile } from "./file.ts";

/** The values of a row, in the order of its columns. */
export type Row = readonly SQLOutputValue[];

/** What is done in a transaction, perhaps twice: it changes nothing but the database. */
type Work = () => unknown;

/** So many writes share a transaction, at most: others wait for the event loop and the file's lock meanwhile. */
const mostAtOnce = 100;

/** So many rows are removed in one step, at most: among a million, each may be in five pages that no cache has. */
const mostRemoved = 20;

export class Connection {
  readonly db: DatabaseSync;
  readonly #file: DatabaseFile | undefined;
  readonly #isOwn: boolean;
  readonly #begin: StatementSync;
  readonly #commit: StatementSync;
  readonly #rollback: StatementSync;
  readonly #writes = new Gathered((works: readonly Work[]) => this.#writeTogether(works), valueIn);
  #closing: Promise<void> | undefined;

  /**
   * @param database the path of a file, `:memory:`, or a connection of the application's.
   * @param timeout how long to wait for another process that writes, in milliseconds.
   */
  constructor(database: string | DatabaseSync, timeout: number) {
    this.#isOwn = typeof database === "string";
    const isFile = typeof database === "string" && database !== ":memory:";
    this.#file = isFile ? new DatabaseFile(database, timeout) : undefined;
    this.db = this.#file?.db ?? (typeof database === "string" ? new DatabaseSync(database) : database);
    this.#begin = this.db.prepare("BEGIN IMMEDIATE");
    this.#commit = this.db.prepare("COMMIT");
    this.#rollback = this.db.prepare("ROLLBACK");
  }

  /** A statement whose rows are lists, for `rowOf`. */
  prepare(sql: string): StatementSync {
    const statement = this.db.prepare(sql);
    statement.setReadBigInts(false);
    // Node 22.13 has rows as objects only.
    statement.setReturnArrays?.(true);
    return statement;
  }

  /** All rows of an answer. */
  rows(statement: StatementSync, ...values: SQLInputValue[]): Row[] {
    return statement.all(...values).map(rowOf);
  }

  /**
   * In a transaction that takes the write lock before it reads: nobody else's write comes between its statements, in
   * this process or another. The writes of one turn of the event loop share one, in the order in which they were asked:
   * a commit of its own costs each as much as what it writes. What fails is undone alone.
   */
  write<T>(work: () => T): Promise<T> {
    return this.#writes.ask(work) as Promise<T>;
  }

  /**
   * One step along a key: removes what has expired among the `batch` rows after `after`, or the first of them. `walk` gives
   * their keys and deadlines. Looks without a lock, so that nobody waits while there is nothing to remove; `remove` asks the
   * deadline again.
   */
  async prune(
    walk: StatementSync,
    remove: StatementSync,
    now: number,
    batch: number,
    after: string,
  ): Promise<{ readonly rows: readonly Row[]; readonly next: string | undefined }> {
    const seen = this.rows(walk, after, batch) as [key: string, until: number][];
    const due = seen.filter(([, until]) => until <= now);
    const isTooMuch = due.length > mostRemoved;
    const last = (isTooMuch ? due[mostRemoved - 1] : seen.at(-1))?.[0];
    const rows = due.length > 0 ? await this.write(() => this.rows(remove, after, last!, now)) : [];
    return { rows, next: isTooMuch || seen.length === batch ? last : undefined };
  }

  /** Resolves when all that is committed by now would survive a power cut, where that is the store's to see to. */
  async flushed(): Promise<void> {
    await this.#file?.flushed();
  }

  /** Closes what was opened here: a connection that was passed in stays open. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    // What was asked before is still written, and then waits for the disk.
    await endOfTurn();
    await endOfTurn();
    if (this.#file) await this.#file.close();
    else if (this.#isOwn) this.db.close();
  }

  async #writeTogether(works: readonly Work[]): Promise<PromiseSettledResult<unknown>[]> {
    const outcomes: PromiseSettledResult<unknown>[] = [];
    while (outcomes.length < works.length) {
      if (outcomes.length > 0) await endOfTurn();
      if (this.#file?.hold) await this.#file.hold;
      outcomes.push(...this.#inOneTransaction(works.slice(outcomes.length, outcomes.length + mostAtOnce)));
      this.#file?.tried();
    }
    return outcomes;
  }

  #inOneTransaction(works: readonly Work[]): PromiseSettledResult<unknown>[] {
    let hasBegun = false;
    try {
      this.#begin.run();
      hasBegun = true;
      const values = works.map((work) => work());
      this.#commit.run();
      return values.map((value) => ({ status: "fulfilled", value }));
    } catch (reason) {
      if (hasBegun) this.#rollBack();
      if (hasBegun && works.length > 1) return works.flatMap((work) => this.#inOneTransaction([work]));
      return works.map(() => ({ status: "rejected", reason }));
    }
  }

  #rollBack(): void {
    try {
      this.#rollback.run();
    } catch {
      // SQLite has rolled back on its own: the disk is full or failed, as the first error says.
    }
  }
}

function valueIn(outcome: PromiseSettledResult<unknown>): unknown {
  if (outcome.status === "rejected") throw outcome.reason;
  return outcome.value;
}

export function rowOf(row: object): Row {
  return Array.isArray(row) ? row : Object.values(row);
}
