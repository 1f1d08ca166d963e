/** Moving a slot of a cluster from one master to another, step by step. */
import { createClient } from "redis";
import type { RunningRedis } from "../../../../test/servers/redis.ts";
import { routingTag } from "../../src/core/token.ts";

/** A master as its administrator sees it. */
export interface Administered {
  readonly port: string;
  tell(...command: string[]): Promise<unknown>;
  close(): void;
}

export async function administered({ url, port }: RunningRedis): Promise<Administered> {
  const client = createClient({ url }).on("error", () => {});
  await client.connect();
  return {
    port: String(port),
    tell: (...command) => client.sendCommand(command),
    close: () => client.destroy(),
  };
}

/** The move of a user's slot from the master that has it to another. */
export class SlotMove {
  readonly #slot: string;
  readonly #masters: readonly Administered[];
  readonly #source: Administered;
  readonly #target: Administered;
  #finished = false;

  private constructor(slot: string, masters: readonly Administered[], source: number) {
    this.#slot = slot;
    this.#masters = masters;
    this.#source = masters[source]!;
    this.#target = masters[(source + 1) % masters.length]!;
  }

  /** Begins it: no key has moved yet. */
  static async of(userId: string, masters: readonly Administered[]): Promise<SlotMove> {
    const slot = String(await masters[0]!.tell("CLUSTER", "KEYSLOT", `{${routingTag(userId)}}`));
    const counts = await Promise.all(masters.map(({ tell }) => tell("CLUSTER", "COUNTKEYSINSLOT", slot)));
    const owner = counts.findIndex((count) => Number(count) > 0);
    const move = new SlotMove(slot, masters, owner);
    await move.#set(move.#target, "IMPORTING", move.#source);
    await move.#set(move.#source, "MIGRATING", move.#target);
    return move;
  }

  async move(select: (keys: readonly string[]) => readonly string[]): Promise<void> {
    const keys = (await this.#source.tell("CLUSTER", "GETKEYSINSLOT", this.#slot, "100")) as string[];
    const selected = select(keys);
    if (selected.length === 0) return;
    await this.#source.tell("MIGRATE", "127.0.0.1", this.#target.port, "", "0", "5000", "KEYS", ...selected);
  }

  async finish(): Promise<void> {
    if (this.#finished) return;
    this.#finished = true;
    await this.move((keys) => keys);
    for (const each of [this.#target, ...this.#masters]) await this.#set(each, "NODE", this.#target);
  }

  async #set(at: Administered, state: string, other: Administered): Promise<void> {
    const name = String(await other.tell("CLUSTER", "MYID"));
    await at.tell("CLUSTER", "SETSLOT", this.#slot, state, name);
  }
}
