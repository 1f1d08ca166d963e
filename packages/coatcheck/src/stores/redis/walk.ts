/** A walk over all records of one kind in bounded steps: master by master, by SCAN. */
import type { Connection, Master } from "./connection.ts";
import { patternOf } from "./pattern.ts";

/** The keys that one step came upon, in groups that one script may name, and where the next step begins. */
export interface Step {
  readonly groups: readonly string[][];
  readonly next: string | undefined;
}

export class Walk {
  readonly #redis: Connection;
  readonly #pattern: string;

  /** @param kind what stands between the routing tag of a key and the id. */
  constructor(redis: Connection, prefix: string, kind: "session" | "remember") {
    this.#redis = redis;
    this.#pattern = `${patternOf(prefix)}{*}:${kind}:*`;
  }

  /** `from` is `<cursor> <address of the master>`. If that is a master no more, the walk goes on with the next one. */
  async step(batch: number, from = "0 "): Promise<Step> {
    const [cursor, name] = from.split(" ") as [string, string];
    const masters = (await this.#redis.masters()).toSorted(byName);
    const index = masters.findIndex((master) => master.name >= name);
    const master = masters[index];
    if (!master) return { groups: [], next: undefined };
    const start = master.name === name ? cursor : "0";
    const [rest, keys] = await this.#scan(master, start, batch);
    const next = rest === "0" ? masters[index + 1] : master;
    return { groups: this.#grouped(keys), next: next && `${rest} ${next.name}` };
  }

  async #scan(master: Master, cursor: string, batch: number): Promise<[cursor: string, keys: string[]]> {
    const reply = await master.send(["SCAN", cursor, "MATCH", this.#pattern, "COUNT", String(batch)]);
    const [next, keys] = reply as [unknown, string[]];
    return [String(next), keys];
  }

  #grouped(keys: readonly string[]): string[][] {
    const groups = Map.groupBy(keys, (key) => (this.#redis.isCluster ? tagOf(key) : ""));
    return [...groups.values()];
  }
}

/** The prefix has no braces. */
function tagOf(key: string): string {
  return key.slice(key.indexOf("{"), key.indexOf("}"));
}

function byName(a: Master, b: Master): number {
  return a.name < b.name ? -1 : 1;
}
