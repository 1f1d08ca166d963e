/** Notices what other connections write to a database. */
import type { StatementSync } from "node:sqlite";
import type { ChangeListener, ChangeWatch } from "../../core/change-watch.ts";
import { type Connection, rowOf } from "./connection.ts";

/**
 * SQLite counts the commits of all other connections, in this process or another, and shows the count for about 1 us, or
 * for a quarter of that where the connection has locked the file for good. It does not say what was changed. So we look
 * once until JavaScript has run out: whoever was answered elsewhere and asks here afterwards is read only then. Not once
 * in a turn of the event loop: requests are read after what `setImmediate` does, and before what it does next.
 */
export class DatabaseWatch implements ChangeWatch {
  readonly #listener: ChangeListener;
  readonly #version: StatementSync;
  #seen: unknown;
  #hasLooked = false;
  readonly #lookAgain = () => {
    this.#hasLooked = false;
  };
  readonly #stop: () => void;

  constructor(connection: Connection, listener: ChangeListener, stop: () => void) {
    this.#listener = listener;
    this.#version = connection.prepare("PRAGMA data_version");
    this.#seen = this.#read();
    this.#stop = stop;
  }

  look(): void {
    if (this.#hasLooked) return;
    const version = this.#read();
    if (version !== this.#seen) this.#listener.anyChanged();
    this.#seen = version;
    this.#hasLooked = true;
    process.nextTick(this.#lookAgain);
  }

  async close(): Promise<void> {
    this.#stop();
  }

  #read(): unknown {
    return rowOf(this.#version.get()!)[0];
  }
}
