/** A store whose every step a test can interrupt. */
import type { RememberStore } from "../../src/core/remember-store.ts";
import type { SessionStore } from "../../src/core/store.ts";
import { MemorySessionStore } from "../../src/stores/memory.ts";

export type Step = (operation: string) => Promise<void> | void;

/** Calls `before` ahead of every operation, and `after` behind it. */
export class SteppedStore extends MemorySessionStore {
  before: Step = () => {};
  after: Step = () => {};

  constructor() {
    super();
    const { remember } = this;
    // Has nothing at hand: each step is asked for.
    Object.assign(this, { recent: undefined });
    Object.assign(this, this.#stepped(this, "", ["insert", "find", "update", "delete", "deleteByUser"]));
    Object.defineProperty(this, "remember", {
      value: this.#stepped(remember, "remember.", [
        "insert",
        "find",
        "findBySession",
        "findByUser",
        "update",
        "delete",
        "deleteBySession",
        "deleteByUser",
        "deleteExpired",
      ]),
    });
  }

  #stepped<S extends SessionStore | RememberStore>(
    store: S,
    prefix: string,
    names: readonly (keyof S & string)[],
  ) {
    const step = (name: keyof S & string) => {
      const act = store[name] as (...args: unknown[]) => Promise<unknown>;
      return async (...args: unknown[]) => {
        await this.before(prefix + name);
        const answer = await act.apply(store, args);
        await this.after(prefix + name);
        return answer;
      };
    };
    return Object.fromEntries(names.map((name) => [name, step(name)]));
  }
}

/** Does something once, when the operation of this number is at the door; says whether there was one. */
export function interrupt(
  store: SteppedStore,
  when: "before" | "after",
  number: number,
  deed: () => Promise<unknown>,
): () => boolean {
  let count = 0;
  let done = false;
  let inside = false;
  store[when] = async () => {
    if (inside || count++ !== number) return;
    inside = true;
    await deed();
    inside = false;
    done = true;
  };
  return () => done;
}

/** The step of this number fails. */
export function failingAt(number: number, error: Error): Step {
  let count = 0;
  return () => {
    if (count++ === number) throw error;
  };
}
