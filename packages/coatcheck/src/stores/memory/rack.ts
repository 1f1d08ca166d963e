/** Records of one kind in the memory of this process. */

interface Hook<T> {
  item: T;
  place: number;
}

/**
 * A map that can be walked in bounded steps while it changes. The hooks stand in a dense row that is walked from its
 * end to its beginning: the last one fills any gap, so what the walk has still to see stays ahead of it.
 */
export class Rack<T extends { readonly id: string }> {
  readonly #byId = new Map<string, Hook<T>>();
  readonly #row: Hook<T>[] = [];

  get size(): number {
    return this.#row.length;
  }

  get(id: string): T | undefined {
    return this.#byId.get(id)?.item;
  }

  add(item: T): void {
    const hook = { item, place: this.#row.length };
    this.#byId.set(item.id, hook);
    this.#row.push(hook);
  }

  replace(item: T): void {
    this.#byId.get(item.id)!.item = item;
  }

  remove(id: string): void {
    const hook = this.#byId.get(id)!;
    this.#byId.delete(id);
    const last = this.#row.pop()!;
    if (last === hook) return;
    this.#row[hook.place] = last;
    last.place = hook.place;
  }

  removeOldest(): void {
    const [oldest] = this.#byId.keys();
    this.remove(oldest!);
  }

  /** Up to `batch` items before `from`, and where to go on; without `from`, at the end of the row. */
  walk(batch: number, from: number = this.size): { readonly seen: T[]; readonly next: number | undefined } {
    const end = Math.min(from, this.size);
    const start = Math.max(0, end - batch);
    const seen = this.#row.slice(start, end).map((hook) => hook.item);
    return { seen, next: start > 0 ? start : undefined };
  }
}
