/** A contract as tests: each promise is proved on a backend of its own. */
import { describe, test } from "node:test";
import type { SessionStore } from "../../core/store.ts";
import type { Connected, Contract, StoreCase } from "./case.ts";

/** A backend with nothing in it. */
export interface StoreBackend<S = SessionStore> {
  /**
   * Connects a store to it, each time another one, as another node has it: races are run across them.
   * Where the backend is in the store, always the same one.
   */
  connect(): S | Promise<S>;
  /** Disconnects all stores and forgets the backend. */
  close(): void | Promise<void>;
}

/** A store under test. */
export interface StoreUnderTest<S = SessionStore> {
  /** Makes a backend of its own for each test. */
  readonly open: () => StoreBackend<S> | Promise<StoreBackend<S>>;
  /** Promises that the store cannot keep, each with the reason. Nothing is ever skipped in silence. */
  readonly skip?: readonly { readonly reason: string; readonly promises: readonly string[] }[];
}

/** @throws TypeError if `skip` names a promise that there is not. */
export function describeContract<S>(
  title: string,
  contract: Contract<S>,
  { open, skip = [] }: StoreUnderTest<S>,
): void {
  const reasons = new Map(skip.flatMap(({ reason, promises }) => promises.map((each) => [each, reason])));
  assertPromised(contract, reasons.keys());
  describe(title, () => {
    for (const [about, cases] of Object.entries(contract)) {
      describe(about, () => {
        for (const [promise, prove] of Object.entries(cases)) {
          test(promise, { skip: reasons.get(promise) ?? false }, () => onBackend(open, prove));
        }
      });
    }
  });
}

/** A promise that was renamed must not be skipped in silence from then on. */
function assertPromised<S>(contract: Contract<S>, names: Iterable<string>): void {
  const promised = new Set(Object.values(contract).flatMap(Object.keys));
  for (const name of names) {
    if (!promised.has(name)) throw new TypeError(`skip names no promise: ${JSON.stringify(name)}`);
  }
}

/** Proves one promise on a backend of its own. */
export async function onBackend<S>(open: StoreUnderTest<S>["open"], prove: StoreCase<S>): Promise<void> {
  const backend = await open();
  try {
    const connected: Connected<S> = { store: await backend.connect(), elsewhere: await backend.connect() };
    await prove(connected);
  } finally {
    await backend.close();
  }
}
