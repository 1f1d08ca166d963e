/** What befalls the real stores of races, and the network before them. */
import { execFileSync, spawnSync } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { createClient, type RedisClientType } from "redis";
import { childrenOf, signal } from "../../../../test/servers/processes.ts";
import type { RunningProgram } from "../../../../test/servers/program.ts";
import type { RunningRedis } from "../../../../test/servers/redis.ts";
import type { TcpProxy, Weather } from "../../../../test/servers/tcp-proxy.ts";
import type { Fault } from "../../src/testing/race/fault.ts";
import type { NodeProcess } from "../../src/testing/race/node-process.ts";

/** The store stops where it is: connections stay open, and nobody answers. */
export function storePaused({ process: child }: Pick<RunningProgram, "process">, lasts = 1_000): Fault {
  return {
    name: "store paused",
    lasts,
    begin: () => void child.kill("SIGSTOP"),
    end: () => void child.kill("SIGCONT"),
  };
}

/** The store is killed, and started again in its place. */
export function storeKilled(server: RunningProgram, name = "store killed"): Fault {
  return {
    name,
    lasts: 300,
    begin: async () => {
      const { process: child } = server;
      const ended = once(child, "exit");
      // PostgreSQL answers through processes of its own, which go on for a moment without it.
      child.kill("SIGSTOP");
      for (const pid of [child.pid!, ...childrenOf(child.pid!)]) signal(pid, "SIGKILL");
      await ended;
    },
    end: () => server.start(),
  };
}

/** The master dies, and its replica takes over, which has heard of everything that was answered. */
export function replicaPromoted(master: RunningRedis, replica: RunningRedis, proxy: TcpProxy): Fault {
  return {
    name: "replica promoted",
    lasts: 500,
    begin: async () => {
      // Nothing reaches the master any more that the replica could miss.
      proxy.weather("silent");
      await asked(master, (client) => heard(client));
      master.process.kill("SIGKILL");
      await asked(replica, (client) => client.sendCommand(["REPLICAOF", "NO", "ONE"]));
    },
    end: () => {
      proxy.leadTo(replica.port);
      proxy.weather("fine");
      proxy.reset();
    },
  };
}

/** `WAIT` speaks of what its connection has written. */
async function heard(client: RedisClientType): Promise<void> {
  await client.set("heard", "1");
  if ((await client.wait(1, 10_000)) !== 1) throw new Error("The replica does not follow its master");
}

async function asked(
  { url }: RunningRedis,
  work: (client: RedisClientType) => Promise<unknown>,
): Promise<void> {
  const client: RedisClientType = createClient({ url });
  await client.connect();
  try {
    await work(client);
  } finally {
    client.destroy();
  }
}

/** Bytes vanish on the way. Connections stay open; whoever waits for long enough gives up. */
export function bytesLost(proxy: TcpProxy, weather: Exclude<Weather, "fine">, lasts = 1_000): Fault {
  return {
    name: `network ${weather}`,
    lasts,
    begin: () => proxy.weather(weather),
    end: () => {
      proxy.weather("fine");
      proxy.reset();
    },
  };
}

/** Answers come late, in their order, for longer than anybody waits at times. */
export function answersLate(proxy: TcpProxy, milliseconds: number): Fault {
  return {
    name: `answers ${milliseconds} ms late`,
    lasts: 1_000,
    begin: () => proxy.delay(milliseconds),
    end: () => proxy.delay(0),
  };
}

/** Again and again: commands arrive and are done, and the connection is reset before their answers. */
export function answersCutOff(proxy: TcpProxy): Fault {
  let timer: NodeJS.Timeout | undefined;
  const cut = () => {
    proxy.weather("deaf");
    setTimeout(() => {
      proxy.reset();
      proxy.weather("fine");
    }, 30).unref();
  };
  return {
    name: "connections reset before the answers",
    lasts: 1_000,
    begin: () => {
      timer = setInterval(cut, 150);
    },
    end: () => {
      clearInterval(timer);
      proxy.weather("fine");
    },
  };
}

/** The disk of a SQLite file is full: nothing is left of the small disk in this folder. */
export function diskFull(folder: string): Fault {
  const ballast = join(folder, "ballast");
  return {
    name: "disk full",
    lasts: 1_000,
    begin: () => fill(ballast),
    end: () => rmSync(ballast),
  };
}

function fill(path: string): void {
  const file = openSync(path, "w");
  try {
    for (let size = 1 << 20; size >= 1; size >>= 1) {
      try {
        while (writeSync(file, Buffer.alloc(size)) === size);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
      }
    }
  } finally {
    closeSync(file);
  }
}

/** The same where no disk can be made: nothing is written behind the first 4 KB of a file (`RLIMIT_FSIZE`). */
export function filesFull(): Fault {
  const limit = (nodes: readonly NodeProcess[], size: string) => {
    for (const { pid } of nodes) execFileSync("prlimit", ["--pid", String(pid), `--fsize=${size}:`]);
  };
  return {
    name: "files may not grow",
    lasts: 1_000,
    begin: (nodes) => limit(nodes, "4096"),
    end: (nodes) => limit(nodes, "unlimited"),
  };
}

/** A disk of 64 MB in this folder, in memory: the log of a race alone does not fill it. False where that is not allowed. */
export function mountSmallDisk(folder: string): boolean {
  if (process.platform !== "linux") return false;
  const { status } = spawnSync("mount", ["-t", "tmpfs", "-o", "size=64m", "tmpfs", folder], {
    stdio: "ignore",
  });
  return status === 0;
}

export function unmount(folder: string): void {
  execFileSync("umount", [folder]);
}
