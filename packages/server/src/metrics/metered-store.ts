/** A store whose operations are measured, and whose pruning is counted. */
import type { SessionStore } from "coatcheck";
import type { Kept, Metrics } from "./metrics.ts";

/** What is told how long operations took. */
export type Meter = Pick<Metrics, "answered" | "pruned">;

/** The ports that a session store answers beside its sessions. */
const companions: readonly unknown[] = ["remember", "throttle", "audit"] satisfies Kept[];

/** What answers without waiting, and does not ask a backend. */
const immediate: readonly unknown[] = ["recent", "watch"] satisfies (keyof SessionStore)[];

/** The same store. Its companions are measured under their own names. */
export function metered<T extends object>(store: T, kind: Kept, metrics: Meter): T {
  const members = new Map<PropertyKey, unknown>();
  return new Proxy(store, {
    get(target, name) {
      if (!members.has(name)) members.set(name, meteredMember(target, name));
      return members.get(name);
    },
  });

  function meteredMember(target: T, name: PropertyKey): unknown {
    const member: unknown = Reflect.get(target, name);
    if (companions.includes(name) && typeof member === "object" && member !== null) {
      return metered(member, name as Kept, metrics);
    }
    if (typeof member !== "function") return member;
    if (immediate.includes(name)) return member.bind(target);
    return (...args: unknown[]) => measured(String(name), () => member.apply(target, args));
  }

  async function measured(operation: string, work: () => unknown): Promise<unknown> {
    const started = performance.now();
    try {
      const answer = await work();
      metrics.answered(kind, operation, started, "ok");
      if (operation === "deleteExpired" || operation === "deleteOlder") countPruned(answer as PruneAnswer);
      return answer;
    } catch (error) {
      metrics.answered(kind, operation, started, "failed");
      throw error;
    }
  }

  function countPruned({ expired, removed = 0, next }: PruneAnswer): void {
    metrics.pruned(kind, expired?.length ?? removed, next !== undefined);
  }
}

/** What the steps of all ports have in common. */
interface PruneAnswer {
  readonly expired?: readonly unknown[];
  readonly removed?: number;
  readonly next?: string | undefined;
}
