/** Notices what other connections write to a database. */
import type { StatementSync } from "node:sqlite";
import type { ChangeListener, ChangeWatch } from "../../core/change-watch.ts";
import { type Connection, rowOf } from "./connection.ts";

/**
 * SQLite counts the commits of all other connections, in this process or another, and shows the count for about 1 us, or
 * for a quarter of that where the connection has locked the file for good. It does not say what was changed. So we look
 * once in a turn of the event loop: whoever was answered elsewhere and asks here afterwards comes in a later turn.
 */
export class DatabaseWatch implements ChangeWatch {
  readonly #listener: ChangeListener;
  readonly #version: StatementSync;
  #seen: unknown;
  #lookedInThisTurn = false;
  readonly #nextTurn = () => {
    this.#lookedInThisTurn = false;
  };
  readonly #stop: () => void;

  constructor(connection: Connection, listener: ChangeListener, stop: () => void) {
    this.#listener = listener;
    this.#version = connection.prepare("PRAGMA data_version");
    this.#seen = this.#read();
    this.#stop = stop;
  }

  look(): void {
    if (this.#lookedInThisTurn) return;
    const version = this.#read();
    if (version !== this.#seen) this.#listener.anyChanged();
    this.#seen = version;
    this.#lookedInThisTurn = true;
    setImmediate(this.#nextTurn);
  }

  async close(): Promise<void> {
    this.#stop();
  }

  #read(): unknown {
    return rowOf(this.#version.get()!)[0];
  }
}
