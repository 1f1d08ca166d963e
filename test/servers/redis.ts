/** Redis for tests, on this machine alone: one server, a cluster of three masters, or a sentinel over two. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
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

export interface RunningSentinel extends AsyncDisposable {
  /** Where the sentinel listens that watches over both. */
  readonly port: number;
  /** What it calls them. */
  readonly name: string;
  /** The master at the beginning. */
  readonly master: RunningRedis;
  /** Its replica, which takes over when the master is away for half a second. */
  readonly replica: RunningRedis;
}

/** Nothing on disk, for this machine alone. */
const modest = ["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"];

/** How long servers may take to know each other. */
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
    await told(master.url, ["CLUSTER", "ADDSLOTSRANGE", `${first}`, `${last}`]);
    await told(master.url, ["CLUSTER", "SET-CONFIG-EPOCH", `${masters.length + 1}`]);
    for (const other of masters) {
      await told(other.url, ["CLUSTER", "MEET", "127.0.0.1", `${master.port}`, `${bus}`]);
    }
    masters.push(master);
  }
  await until("The masters did not agree on their slots", async () =>
    (await Promise.all(masters.map(agrees))).every(Boolean),
  );
  const running = stack.move();
  return { masters, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

/** A replica of one of the masters, which it can take the place of. */
export async function startClusterReplica(
  { masters }: RunningCluster,
  master: RunningRedis,
): Promise<RunningRedis> {
  await using stack = new AsyncDisposableStack();
  const bus = await freePort();
  const replica = stack.use(await startRedis("--cluster-enabled", "yes", "--cluster-port", `${bus}`));
  const nodes = await told(master.url, ["CLUSTER", "NODES"]);
  const [, id, masterBus] = /([0-9a-f]{40}) 127\.0\.0\.1:\d+@(\d+)\S* myself/.exec(nodes)!;
  await told(replica.url, ["CLUSTER", "MEET", "127.0.0.1", `${master.port}`, masterBus!]);
  await until("The replica did not find its master", () =>
    told(replica.url, ["CLUSTER", "REPLICATE", id!]).then(
      () => true,
      () => false,
    ),
  );
  await until("The replica did not catch up", async () =>
    (await told(replica.url, ["ROLE"])).includes('"connected"'),
  );
  // Nobody votes for a stranger.
  const line = new RegExp(`127\\.0\\.0\\.1:${replica.port}@\\S* slave ${id}`);
  await until("The masters did not hear of the replica", async () =>
    (await Promise.all(masters.map(({ url }) => told(url, ["CLUSTER", "NODES"])))).every((known) =>
      line.test(known),
    ),
  );
  stack.move();
  return replica;
}

/** A master, a replica, and the sentinel that puts the one in the place of the other. */
export async function startRedisSentinel(): Promise<RunningSentinel> {
  await using stack = new AsyncDisposableStack();
  const command = await supply(redisServer);
  const name = "coatcheck";
  const master = stack.use(await startRedis("--repl-diskless-sync-delay", "0"));
  const replica = stack.use(await startRedis("--replicaof", "127.0.0.1", `${master.port}`));
  const watched = `sentinel monitor ${name} 127.0.0.1 ${master.port} 1
    sentinel down-after-milliseconds ${name} 500
    sentinel failover-timeout ${name} 2000`;
  const sentinel = stack.use(
    await startProgram(({ port, folder }) => {
      const settings = join(folder, "sentinel.conf");
      writeFileSync(settings, `bind 127.0.0.1\nport ${port}\ndir ${folder}\n${watched}\n`);
      return { command, args: [settings, "--sentinel"], cwd: folder };
    }),
  );
  const { port } = sentinel;
  await until("The sentinel did not find the replica", async () => {
    const known = await told(`redis://127.0.0.1:${port}`, ["SENTINEL", "REPLICAS", name]);
    return known.includes(`${replica.port}`);
  });
  const running = stack.move();
  return { port, name, master, replica, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

/** Whether this master knows who has which slots. */
async function agrees({ url }: RunningRedis): Promise<boolean> {
  const info = await told(url, ["CLUSTER", "INFO"]);
  return info.includes("cluster_state:ok") && info.includes("cluster_size:3");
}

async function until(complaint: string, condition: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + patience; Date.now() < deadline; await delay(50)) {
    if (await condition()) return;
  }
  throw new Error(`${complaint} within ${patience / 1000} s`);
}

async function told(url: string, command: string[]): Promise<string> {
  const client = createClient({ url });
  // Commands reject by themselves; without a listener the event would end the process.
  client.on("error", () => {});
  await client.connect();
  try {
    return JSON.stringify(await client.sendCommand(command));
  } finally {
    await client.close();
  }
}
