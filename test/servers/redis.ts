/** Redis for tests: one server, or a cluster of three masters, on this machine alone. */
import { setTimeout as delay } from "node:timers/promises";
import { createClient } from "redis";
import { supply } from "./need.ts";
import { freePort, type RunningProgram, startProgram } from "./program.ts";
import { redisServer } from "./table.ts";

export interface RunningRedis extends RunningProgram {
  readonly url: string;
}

export interface RunningCluster extends AsyncDisposable {
  /** They share the slots, in this order, and have no replicas. */
  readonly masters: readonly RunningRedis[];
}

/** Nothing on disk, for this machine alone. */
const modest = ["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"];

/** How long three new servers may take to agree on who has which slots. */
const patience = 30_000;

/** A Redis of the test's own, which it may fill, pause and restart. Settings are as on the command line. */
export async function startRedis(...settings: readonly string[]): Promise<RunningRedis> {
  const command = await supply(redisServer);
  const program = await startProgram(({ port, folder }) => ({
    command,
    args: ["--port", `${port}`, "--dir", folder, ...modest, ...settings],
    cwd: folder,
  }));
  return Object.assign(program, { url: `redis://127.0.0.1:${program.port}` });
}

/**
 * A Redis that others may use at the same time, so take a prefix of your own: the one that `TEST_REDIS_URL` names,
 * else one that is started.
 */
export async function provideRedis(): Promise<{ readonly url: string } & AsyncDisposable> {
  const { TEST_REDIS_URL: url } = process.env;
  return url ? { url, [Symbol.asyncDispose]: async () => {} } : startRedis();
}

/** A cluster of three masters. */
export async function startRedisCluster(): Promise<RunningCluster> {
  await using stack = new AsyncDisposableStack();
  const masters: RunningRedis[] = [];
  for (const [first, last] of [
    [0, 5460],
    [5461, 10922],
    [10923, 16383],
  ]) {
    // Redis would add 10,000 to its port, and that need not be a port.
    const bus = await freePort();
    const master = stack.use(await startRedis("--cluster-enabled", "yes", "--cluster-port", `${bus}`));
    await told(master, ["CLUSTER", "ADDSLOTSRANGE", `${first}`, `${last}`]);
    await told(master, ["CLUSTER", "SET-CONFIG-EPOCH", `${masters.length + 1}`]);
    for (const other of masters) {
      await told(other, ["CLUSTER", "MEET", "127.0.0.1", `${master.port}`, `${bus}`]);
    }
    masters.push(master);
  }
  await Promise.all(masters.map(agreed));
  const running = stack.move();
  return { masters, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

/** Resolves when this master knows who has which slots. */
async function agreed(master: RunningRedis): Promise<void> {
  for (const deadline = Date.now() + patience; Date.now() < deadline; await delay(50)) {
    const info = await told(master, ["CLUSTER", "INFO"]);
    if (info.includes("cluster_state:ok") && info.includes("cluster_size:3")) return;
  }
  throw new Error(`The Redis cluster did not agree on its slots within ${patience / 1000} s`);
}

async function told({ url }: RunningRedis, command: string[]): Promise<string> {
  const client = createClient({ url });
  // Commands reject by themselves; without a listener the event would end the process.
  client.on("error", () => {});
  await client.connect();
  try {
    return String(await client.sendCommand(command));
  } finally {
    await client.close();
  }
}
