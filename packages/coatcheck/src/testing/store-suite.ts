/** The contract of stores as tests: one call proves that a store keeps every promise of the port. */
import { describe, test } from "node:test";
import type { SessionStore } from "../core/store.ts";
import type { Connected, StoreCase, StoreCases } from "./store/case.ts";
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

/** Everything that a store promises: what about, in which words, and the proof. */
export const storePromises: Readonly<Record<string, StoreCases>> = {
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
  users: user,
  races: race,
};

/** A backend without sessions. */
export interface StoreBackend {
  /**
   * Connects a store to it, each time another one, as another node has it: races are run across them.
   * Where the backend is in the store, always the same one.
   */
  connect(): SessionStore | Promise<SessionStore>;
  /** Disconnects all stores and forgets the backend. */
  close(): void | Promise<void>;
}

/** A store under test. */
export interface StoreUnderTest {
  /** Makes a backend of its own for each test. */
  readonly open: () => StoreBackend | Promise<StoreBackend>;
  /** Promises that the store cannot keep, each with the reason. Nothing is ever skipped in silence. */
  readonly skip?: readonly { readonly reason: string; readonly promises: readonly string[] }[];
}

/**
 * Tests a store: `describeSessionStore("SQLite", { open })`, in a file that `node --test` runs.
 * @throws TypeError if `skip` names a promise that there is not.
 */
export function describeSessionStore(name: string, { open, skip = [] }: StoreUnderTest): void {
  const reasons = new Map(skip.flatMap(({ reason, promises }) => promises.map((each) => [each, reason])));
  assertPromised(reasons.keys());
  describe(`The store ${name}`, () => {
    for (const [about, cases] of Object.entries(storePromises)) {
      describe(about, () => {
        for (const [promise, prove] of Object.entries(cases)) {
          test(promise, { skip: reasons.get(promise) ?? false }, () => onBackend(open, prove));
        }
      });
    }
  });
}

/** A promise that was renamed must not be skipped in silence from then on. */
function assertPromised(names: Iterable<string>): void {
  const promised = new Set(Object.values(storePromises).flatMap(Object.keys));
  for (const name of names) {
    if (!promised.has(name)) throw new TypeError(`skip names no promise: ${JSON.stringify(name)}`);
  }
}

/** Proves one promise on a backend of its own. */
export async function onBackend(open: StoreUnderTest["open"], prove: StoreCase): Promise<void> {
  const backend = await open();
  try {
    const connected: Connected = { store: await backend.connect(), elsewhere: await backend.connect() };
    await prove(connected);
  } finally {
    await backend.close();
  }
}
