/** The machine that a figure was measured on, without anything that names it. */
import { spawnSync } from "node:child_process";
import { availableParallelism, cpus, loadavg, totalmem } from "node:os";

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly platform: string;
  readonly node: string;
  /** Whether servers and load had a core each. */
  readonly pinned: boolean;
  /** How many programs wanted a core in the minute before. */
  readonly loadBefore: number;
}

export function describeMachine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    platform: `${process.platform} ${process.arch}`,
    node: process.version,
    pinned: canPin,
    loadBefore: loadavg()[0]!,
  };
}

/** What is measured runs on one core; the load, and the databases that are asked, on another. */
export type Core = "measured" | "load" | "any";

const coreNumbers: Readonly<Record<Core, string>> = { measured: "0", load: "1", any: "0,1" };

/** Pinning takes `taskset` and a second core: on one core the load would stand in the server's way. */
export const canPin: boolean =
  availableParallelism() > 1 && spawnSync("taskset", ["-c", "0,1", "true"]).status === 0;

/** The command that runs this one on that core. */
export function on(core: Core, command: readonly string[]): readonly string[] {
  return canPin ? ["taskset", "-c", coreNumbers[core], ...command] : command;
}

/** Moves a process, and what it starts from now on, to that core. */
export function move(pid: number, core: Core): void {
  if (canPin) spawnSync("taskset", ["-a", "-c", "-p", coreNumbers[core], `${pid}`]);
}
