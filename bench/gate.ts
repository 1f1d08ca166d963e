/** Where a slow request waits between reading its session and writing it, until it is let on. */
export class Gate {
  #reached = Promise.withResolvers<void>();
  #opened = Promise.withResolvers<void>();

  /** For the request: says that it is here, and waits. */
  async pass(): Promise<void> {
    this.#reached.resolve();
    await this.#opened.promise;
  }

  /** For who lets it on: resolves when it waits. */
  get reached(): Promise<void> {
    return this.#reached.promise;
  }

  open(): void {
    this.#opened.resolve();
  }

  close(): void {
    this.#reached = Promise.withResolvers();
    this.#opened = Promise.withResolvers();
  }
}

/** The one of this process. */
export const gate: Gate = new Gate();
