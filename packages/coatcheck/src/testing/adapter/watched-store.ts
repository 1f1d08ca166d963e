/** A memory store that is watched, and that a test can make fail, hang or wait. */
import type { RememberStore } from "../../core/remember-store.ts";
import type { SessionStore, StoreCompanions } from "../../core/store.ts";
import type { ThrottleStore } from "../../core/throttle-store.ts";
import { MemorySessionStore } from "../../stores/memory.ts";
import { Gate } from "./gate.ts";
import type { StageOptions } from "./stage.ts";

type Operation =
  | Exclude<keyof SessionStore, "timeout" | keyof StoreCompanions>
  | `remember.${keyof RememberStore}`
  | `throttle.${keyof ThrottleStore}`;

/** What happens to an operation before it reaches the store. What it throws, the operation throws. */
export type Interference = (operation: Operation) => Promise<void> | void;

/** The backend is down. */
export const down: Interference = () => {
  throw new Error("connect ECONNREFUSED");
};

/** The backend takes questions and never answers. */
export const hanging: Interference = () => new Promise(() => {});

/** The backend works. */
export const working: Interference = () => {};

export class WatchedStore implements SessionStore {
  readonly timeout: number;
  readonly recent?: NonNullable<SessionStore["recent"]>;
  /** Every operation that was asked for, in order. */
  readonly operations: Operation[] = [];
  /** Set it to make the store misbehave. */
  interfere: Interference = working;
  readonly #inner = new MemorySessionStore();
  readonly #release = new Gate();

  constructor({ timeout, atHand }: Pick<StageOptions, "timeout" | "atHand">) {
    this.timeout = timeout ?? Number.POSITIVE_INFINITY;
    if (atHand) this.recent = (id) => this.#inner.recent(id);
  }

  readonly insert: SessionStore["insert"] = (...args) =>
    this.#pass("insert", () => this.#inner.insert(...args));
  readonly find: SessionStore["find"] = (...args) => this.#pass("find", () => this.#inner.find(...args));
  readonly update: SessionStore["update"] = (...args) =>
    this.#pass("update", () => this.#inner.update(...args));
  readonly delete: SessionStore["delete"] = (...args) =>
    this.#pass("delete", () => this.#inner.delete(...args));
  readonly findByUser: SessionStore["findByUser"] = (...args) =>
    this.#pass("findByUser", () => this.#inner.findByUser(...args));
  readonly deleteByUser: SessionStore["deleteByUser"] = (...args) =>
    this.#pass("deleteByUser", () => this.#inner.deleteByUser(...args));
  readonly deleteExpired: SessionStore["deleteExpired"] = (...args) =>
    this.#pass("deleteExpired", () => this.#inner.deleteExpired(...args));
  readonly time: SessionStore["time"] = () => this.#pass("time", () => this.#inner.time());

  readonly remember: RememberStore = {
    insert: this.#remembering("insert"),
    find: this.#remembering("find"),
    findBySession: this.#remembering("findBySession"),
    findByUser: this.#remembering("findByUser"),
    update: this.#remembering("update"),
    delete: this.#remembering("delete"),
    deleteBySession: this.#remembering("deleteBySession"),
    deleteByUser: this.#remembering("deleteByUser"),
    deleteExpired: this.#remembering("deleteExpired"),
  };

  readonly throttle: ThrottleStore = {
    attempt: (...args) => this.#pass("throttle.attempt", () => this.#inner.throttle.attempt(...args)),
    refund: (...args) => this.#pass("throttle.refund", () => this.#inner.throttle.refund(...args)),
    reset: (...args) => this.#pass("throttle.reset", () => this.#inner.throttle.reset(...args)),
    find: (...args) => this.#pass("throttle.find", () => this.#inner.throttle.find(...args)),
    deleteExpired: (...args) =>
      this.#pass("throttle.deleteExpired", () => this.#inner.throttle.deleteExpired(...args)),
  };

  /** Lets go of everything that still waits, so that a failed test ends. */
  release(): void {
    this.#release.open();
  }

  #remembering<K extends keyof RememberStore>(operation: K): RememberStore[K] {
    const { remember } = this.#inner;
    const act = remember[operation] as (...args: unknown[]) => Promise<unknown>;
    return ((...args: unknown[]) =>
      this.#pass(`remember.${operation}`, () => act.apply(remember, args))) as RememberStore[K];
  }

  async #pass<T>(operation: Operation, act: () => Promise<T>): Promise<T> {
    this.operations.push(operation);
    await Promise.race([this.interfere(operation), this.#release.pass()]);
    return act();
  }
}
