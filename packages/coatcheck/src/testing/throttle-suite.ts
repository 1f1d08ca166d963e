/** The contract of stores that count attempts, as tests. */
import type { ThrottleStore } from "../core/throttle-store.ts";
import type { Contract } from "./store/case.ts";
import { describeContract, type StoreUnderTest } from "./store/contract.ts";
import { attempt } from "./throttle/attempt.ts";
import { port } from "./throttle/port.ts";
import { prune } from "./throttle/prune.ts";
import { race } from "./throttle/race.ts";
import { take } from "./throttle/take.ts";

/** Everything that a store of attempts promises: what about, in which words, and the proof. */
export const throttlePromises: Contract<ThrottleStore> = {
  port,
  attempt,
  "refund and reset": take,
  deleteExpired: prune,
  races: race,
};

/**
 * Tests a store of attempts: `describeThrottleStore("SQLite", { open })`, in a file that `node --test` runs. Needs
 * fast-check.
 * @throws TypeError if `skip` names a promise that there is not.
 */
export function describeThrottleStore(name: string, store: StoreUnderTest<ThrottleStore>): void {
  describeContract(`Attempts in ${name}`, throttlePromises, store);
}
