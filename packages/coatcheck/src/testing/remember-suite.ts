/** The contract of stores of remembered browsers as tests: one call proves that a store keeps every promise. */
import type { RememberStore } from "../core/remember-store.ts";
import type { RememberContract } from "./remember/expectations.ts";
import { deleteBySession, deleteByUser, deleteOne } from "./remember/promises/delete.ts";
import { find, findBySession, findByUser } from "./remember/promises/find.ts";
import { insert } from "./remember/promises/insert.ts";
import { port } from "./remember/promises/port.ts";
import { prune } from "./remember/promises/prune.ts";
import { race } from "./remember/promises/race.ts";
import { update } from "./remember/promises/update.ts";
import { user } from "./remember/promises/user.ts";
import { describeContract, type StoreUnderTest } from "./store/contract.ts";

/** Everything that a store of remembered browsers promises: what about, in which words, and the proof. */
export const rememberPromises: RememberContract = {
  port,
  insert,
  find,
  findBySession,
  findByUser,
  update,
  delete: deleteOne,
  deleteBySession,
  deleteByUser,
  deleteExpired: prune,
  users: user,
  races: race,
};

/**
 * Tests a store of remembered browsers: `describeRememberStore("SQLite", { open })`, where `open` gives backends that
 * connect the `remember` of a store.
 * @throws TypeError if `skip` names a promise that there is not.
 */
export function describeRememberStore(name: string, store: StoreUnderTest<RememberStore>): void {
  describeContract(`Remembered browsers in ${name}`, rememberPromises, store);
}
