/** The contract of stores as tests: one call proves that a store keeps every promise of the port. */
import type { SessionStore } from "../core/store.ts";
import type { Contract } from "./store/case.ts";
import { describeContract, type StoreUnderTest } from "./store/contract.ts";
import { count } from "./store/promises/count.ts";
import { data } from "./store/promises/data.ts";
import { deleteByUser, end } from "./store/promises/end.ts";
import { find, findByUser } from "./store/promises/find.ts";
import { insert } from "./store/promises/insert.ts";
import { limit } from "./store/promises/limit.ts";
import { port } from "./store/promises/port.ts";
import { prune } from "./store/promises/prune.ts";
import { race } from "./store/promises/race.ts";
import { update } from "./store/promises/update.ts";
import { user } from "./store/promises/user.ts";

export type { Connected, StoreCase, StoreCases } from "./store/case.ts";
export { onBackend, type StoreBackend, type StoreUnderTest } from "./store/contract.ts";

/** Everything that a store promises: what about, in which words, and the proof. */
export const storePromises: Contract<SessionStore> = {
  port,
  insert,
  limit,
  find,
  update,
  data,
  delete: end,
  findByUser,
  deleteByUser,
  deleteExpired: prune,
  countAlive: count,
  users: user,
  races: race,
};

/**
 * Tests a store: `describeSessionStore("SQLite", { open })`, in a file that `node --test` runs.
 * @throws TypeError if `skip` names a promise that there is not.
 */
export function describeSessionStore(name: string, store: StoreUnderTest): void {
  describeContract(`The store ${name}`, storePromises, store);
}
