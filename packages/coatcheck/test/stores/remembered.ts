/** The remembered browsers of a store, for the contract suite of their port. */
import assert from "node:assert/strict";
import type { RememberStore } from "../../src/core/remember-store.ts";
import type { StoreBackend, StoreUnderTest } from "../../src/testing/store-suite.ts";

/** How to open what a store of sessions keeps of remembered browsers. */
export function rememberedIn(open: StoreUnderTest["open"]): () => Promise<StoreBackend<RememberStore>> {
  return async () => {
    const backend = await open();
    return {
      connect: async () => {
        const { remember } = await backend.connect();
        assert.ok(remember, "The store remembers no browsers");
        return remember;
      },
      close: () => backend.close(),
    };
  };
}
