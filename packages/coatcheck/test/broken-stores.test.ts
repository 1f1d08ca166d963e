import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { SessionStore } from "../src/core/store.ts";
import type { StoreCase } from "../src/testing/store/case.ts";
import {
  describeSessionStore,
  onBackend,
  type StoreBackend,
  storePromises,
} from "../src/testing/store-suite.ts";
import type { BrokenStores } from "./broken-stores/broken.ts";
import { wrongEnds } from "./broken-stores/ends.ts";
import { wrongLimits } from "./broken-stores/limits.ts";
import { PlainStore } from "./broken-stores/plain-store.ts";
import { wrongPrunes } from "./broken-stores/prunes.ts";
import { wrongRecords } from "./broken-stores/records.ts";
import { wrongUpdates } from "./broken-stores/updates.ts";

// Stores that are wrong on purpose, each in one way: the suite must notice, by the promise that is broken.

const brokenStores: BrokenStores = {
  ...wrongRecords,
  ...wrongLimits,
  ...wrongUpdates,
  ...wrongEnds,
  ...wrongPrunes,
};

describeSessionStore("that the broken ones are made of", { open: () => backendOf(new PlainStore()) });

describe("A store that", () => {
  for (const [what, { breaks, Store }] of Object.entries(brokenStores)) {
    for (const promise of breaks) {
      test(`${what} breaks "${promise}"`, async () => {
        const proving = onBackend(() => backendOf(new Store()), proofOf(promise));
        // A proof that crashes proves nothing.
        await assert.rejects(proving, (error) => !(error instanceof TypeError));
      });
    }
  }
});

function backendOf(store: SessionStore): StoreBackend {
  return { connect: () => store, close: () => {} };
}

function proofOf(promise: string): StoreCase {
  const proof = Object.values(storePromises)
    .map((cases) => cases[promise])
    .find((each) => each !== undefined);
  assert.ok(proof, `There is no promise ${JSON.stringify(promise)}`);
  return proof;
}
