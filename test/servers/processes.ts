/** Processes that a server has started for itself. */
import { readFileSync } from "node:fs";

/** Also those that the server does not list yet; none where the system does not say, or the process is a container's. */
export function childrenOf(pid: number): number[] {
  try {
    const listed = readFileSync(`/proc/${pid}/task/${pid}/children`, "latin1");
    return (listed.match(/\d+/g) ?? []).map(Number);
  } catch {
    return [];
  }
}

/** It may have ended by now. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
