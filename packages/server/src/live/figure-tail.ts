/** That there are new figures, told as they are added, by whichever node. */
import type { FigureStore } from "../figures/figure-store.ts";

/** How often it is looked, while anybody listens; in milliseconds. */
const interval = 2_000;

/** Asks the database once for all who listen, and not at all while nobody does. */
export class FigureTail {
  readonly #store: Pick<FigureStore, "version">;
  readonly #listeners = new Set<() => void>();
  #version: string | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(store: Pick<FigureStore, "version">) {
    this.#store = store;
  }

  /** Returns how to stop. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    // An outage is over sooner or later.
    this.#timer ??= setInterval(() => void this.look().catch(() => {}), interval).unref();
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0) return;
      clearInterval(this.#timer);
      this.#timer = undefined;
      this.#version = undefined;
    };
  }

  /** It happens by itself; this is for who wants to wait for it. The first look of a listener always finds something. */
  async look(): Promise<void> {
    const version = await this.#store.version();
    if (version === this.#version) return;
    this.#version = version;
    for (const listener of this.#listeners) listener();
  }
}
