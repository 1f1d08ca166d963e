/** What runs on a thread that hashes passwords. */
import { constants, getPriority, setPriority } from "node:os";
import { parentPort } from "node:worker_threads";
import { hashSync, type Options, verifySync } from "@node-rs/argon2";

/** One password to hash, or to compare with a hash. */
export type HashingTask =
  | { readonly password: string; readonly parameters: Options }
  | { readonly password: string; readonly passwordHash: string };

export type HashingResult = { readonly value: string | boolean } | { readonly failed: string };

// Linux gives each thread a priority of its own; elsewhere this would be the whole server's.
if (process.platform === "linux") standBack();

parentPort!.on("message", (task: HashingTask) => parentPort!.postMessage(resultOf(task)));

/** Behind everybody else: hashes have what requests leave. */
function standBack(): void {
  const { PRIORITY_BELOW_NORMAL, PRIORITY_LOW } = constants.priority;
  try {
    setPriority(Math.min(getPriority() + PRIORITY_BELOW_NORMAL, PRIORITY_LOW));
  } catch {
    // A sandbox may forbid it. Passwords are hashed all the same.
  }
}

function resultOf(task: HashingTask): HashingResult {
  try {
    return {
      value:
        "passwordHash" in task
          ? verifySync(task.passwordHash, task.password)
          : hashSync(task.password, task.parameters),
    };
  } catch (error) {
    return { failed: (error as Error).message };
  }
}
