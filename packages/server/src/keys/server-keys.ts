/** The keys of a running server: given by its environment, or kept in a file that may change meanwhile. */
import { KeyRing, type Warn } from "coatcheck";
import { inUse } from "./dated-key.ts";
import { KeyFileError, openKeyFile, readKeyFile } from "./key-file.ts";
import type { KeySource } from "./key-source.ts";

/** How often the file is looked at, in milliseconds: much more often than a new key takes to seal. */
const interval = 5_000;

export class ServerKeys {
  readonly ring: KeyRing;
  readonly #source: KeySource;
  readonly #now: () => number;
  readonly #warn: Warn;
  readonly #timer: NodeJS.Timeout | undefined;
  #current: string;
  #reported = "";

  /** @throws KeyFileError */
  constructor(source: KeySource, now: () => number, warn: Warn) {
    this.#source = source;
    this.#now = now;
    this.#warn = warn;
    const keys = source.kind === "given" ? source.keys : inUse(openKeyFile(source.file, now(), warn), now());
    this.ring = new KeyRing(keys);
    this.#current = keys.join();
    if (source.kind === "file") this.#timer = setInterval(() => this.refresh(), interval).unref();
  }

  /**
   * Takes up what has changed in the file, or what a key's time has come for. A file that cannot be read is reported,
   * and the keys stay as they were.
   */
  refresh(): void {
    if (this.#source.kind === "given") return;
    try {
      const keys = readKeyFile(this.#source.file);
      if (!keys)
        throw new KeyFileError(`The keys in ${this.#source.file} are gone; this server goes on with them`);
      this.#take(inUse(keys, this.#now()));
    } catch (error) {
      this.#report(error as Error);
    }
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #take(keys: readonly string[]): void {
    this.#reported = "";
    if (keys.join() === this.#current) return;
    this.ring.replace(keys);
    this.#current = keys.join();
  }

  /** Once, not every five seconds. */
  #report({ message }: Error): void {
    if (message !== this.#reported) this.#warn(message);
    this.#reported = message;
  }
}
