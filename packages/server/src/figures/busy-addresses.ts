/** Which addresses are told apart within an hour: few, however many anybody invents, and among them those that come often. */

/** Those that come first are told apart, and as many that come after them. */
const most = 500;
/** So often comes an address that is told apart though others were first. */
const busy = 20;

export class BusyAddresses {
  #since = 0;
  readonly #toldApart = new Set<string>();
  /** How often others came at least (Misra and Gries, 1982): whoever comes often enough among few is not forgotten. */
  readonly #others = new Map<string, number>();

  /** How many of this address are to be counted now that it has come once more, in the hour that began at `start`. */
  come(address: string, start: number): number {
    if (start !== this.#since) this.#begin(start);
    if (this.#toldApart.has(address)) return 1;
    const came = this.#toldApart.size < most ? 1 : this.#noted(address);
    if (this.#toldApart.size >= most && (came < busy || this.#toldApart.size >= 2 * most)) return 0;
    this.#others.delete(address);
    this.#toldApart.add(address);
    return came;
  }

  #begin(start: number): void {
    this.#since = start;
    this.#toldApart.clear();
    this.#others.clear();
  }

  #noted(address: string): number {
    const came = (this.#others.get(address) ?? 0) + 1;
    if (came > 1 || this.#others.size < most) {
      this.#others.set(address, came);
      return came;
    }
    for (const [other, count] of this.#others) {
      if (count === 1) this.#others.delete(other);
      else this.#others.set(other, count - 1);
    }
    return 0;
  }
}
