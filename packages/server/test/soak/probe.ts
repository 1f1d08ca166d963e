/** Loaded into the server's process before the server itself: tells what that process holds, when it is asked. */
import { subscribe } from "node:diagnostics_channel";
import { readdirSync } from "node:fs";
import type { Server } from "node:http";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setImmediate as turn } from "node:timers/promises";

/** What a process holds. Sizes are in bytes. */
export interface Holdings {
  /** After garbage was collected. */
  readonly heap: number;
  /** Beside the heap: buffers. */
  readonly external: number;
  readonly resident: number;
  /** What keeps its event loop alive, sorted: each timer, socket and request. */
  readonly resources: readonly string[];
  readonly connections: number;
  /** Undefined where the system does not say. */
  readonly files: number | undefined;
  /** How late the event loop was, but for one time in a hundred, since the last question; in milliseconds. */
  readonly delay: number;
}

/** How often the event loop is looked at, in milliseconds: it is as much late when it is on time. */
const resolution = 1;

const servers = new Set<Server>();
subscribe("http.server.request.start", (message) => servers.add((message as { server: Server }).server));

const histogram = monitorEventLoopDelay({ resolution });
histogram.enable();

process.on("message", async () => {
  const delay = histogram.percentile(99) / 1e6 - resolution;
  // What a finished turn lets go of is garbage in the next one.
  for (let times = 0; times < 2; times++) {
    await turn();
    globalThis.gc!();
  }
  const { heapUsed: heap, external, rss: resident } = process.memoryUsage();
  const connections = (await Promise.all([...servers].map(connectionsOf))).reduce(
    (sum, each) => sum + each,
    0,
  );
  const resources = process.getActiveResourcesInfo().sort();
  const holdings: Holdings = { heap, external, resident, resources, connections, files: openFiles(), delay };
  histogram.reset();
  process.send!(holdings);
});

function connectionsOf(server: Server): Promise<number> {
  return new Promise((resolve, reject) =>
    server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
  );
}

function openFiles(): number | undefined {
  try {
    return readdirSync("/proc/self/fd").length;
  } catch {
    return undefined;
  }
}
