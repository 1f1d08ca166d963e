/** What befalls nodes. */
import { setTimeout as delay } from "node:timers/promises";
import type { Fault } from "./fault.ts";

/** The process of a node is killed, and another one takes its place. */
export function nodeKilled(index: number): Fault {
  return {
    name: `node ${index + 1} killed`,
    lasts: 100,
    begin: (nodes) => nodes[index]!.kill(),
    end: (nodes) => nodes[index]!.start(),
  };
}

/** A node stops in the middle of whatever it does, and goes on later as if nothing had been. */
export function nodePaused(index: number, lasts: number = 1_000): Fault {
  return {
    name: `node ${index + 1} paused`,
    lasts,
    begin: (nodes) => nodes[index]!.pause(),
    end: (nodes) => nodes[index]!.resume(),
  };
}

/** The clock of a node is so many milliseconds ahead, or behind if that is negative. */
export function clockWrong(index: number, offset: number): Fault {
  const hours = `${Math.abs(offset / 3_600_000)} h ${offset > 0 ? "ahead" : "behind"}`;
  return {
    name: `the clock of node ${index + 1} ${hours}`,
    lasts: 1_000,
    misjudges: index,
    begin: (nodes) => setClock(nodes, index, offset),
    end: (nodes) => setClock(nodes, index, 0),
  };
}

/** The clock of a node jumps to and fro. */
export function clockJumps(index: number, offset: number): Fault {
  let jumping = true;
  let jumps: Promise<void> = Promise.resolve();
  return {
    name: `the clock of node ${index + 1} jumps`,
    lasts: 1_000,
    misjudges: index,
    begin: (nodes) => {
      jumping = true;
      jumps = (async () => {
        for (let sign = 1; jumping; sign = -sign) {
          await setClock(nodes, index, sign * offset);
          await delay(100);
        }
      })();
    },
    end: async (nodes) => {
      jumping = false;
      await jumps;
      await setClock(nodes, index, 0);
    },
  };
}

async function setClock(nodes: Parameters<Fault["begin"]>[0], index: number, offset: number): Promise<void> {
  const { failed } = await nodes[index]!.ask({ do: "set clock", offset });
  if (failed !== undefined) throw new Error(`The clock could not be set: ${failed}`);
}
