/** Holds a request at one point until the test lets it go on. */
export class Gate {
  readonly #arrival = Promise.withResolvers<void>();
  readonly #opening = Promise.withResolvers<void>();

  /** Resolves when the first one stands at the gate. */
  get reached(): Promise<void> {
    return this.#arrival.promise;
  }

  /** Waits at the gate. */
  pass(): Promise<void> {
    this.#arrival.resolve();
    return this.#opening.promise;
  }

  open(): void {
    this.#opening.resolve();
  }
}
