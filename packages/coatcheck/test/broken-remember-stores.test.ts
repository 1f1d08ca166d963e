import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { RememberStore } from "../src/core/remember-store.ts";
import { describeRememberStore, rememberPromises } from "../src/testing/remember-suite.ts";
import { onBackend, type StoreBackend } from "../src/testing/store-suite.ts";
import { PlainRememberStore } from "./broken-stores/plain-remember-store.ts";
import { wrongRemembers } from "./broken-stores/remembers.ts";

// Stores that are wrong on purpose, each in one way: the suite must notice, by the promise that is broken.

describeRememberStore("a plain store, of which the broken ones are made", {
  open: () => backendOf(new PlainRememberStore()),
});

describe("A store of remembered browsers that", () => {
  for (const [what, { breaks, Store }] of Object.entries(wrongRemembers)) {
    for (const promise of breaks) {
      test(`${what} breaks "${promise}"`, async () => {
        const proof = Object.values(rememberPromises).find((cases) => cases[promise])?.[promise];
        assert.ok(proof, `There is no promise ${JSON.stringify(promise)}`);
        const proving = onBackend(() => backendOf(new Store()), proof);
        // A proof that crashes proves nothing.
        await assert.rejects(proving, (error) => !(error instanceof TypeError));
      });
    }
  }
});

function backendOf(store: RememberStore): StoreBackend<RememberStore> {
  return { connect: () => store, close: () => {} };
}
