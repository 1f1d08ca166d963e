/** Three processes on each real backend, with and without a cache. `npm run race` does it for as long as you like. */
import { after, before, describe } from "node:test";
import { describeRaces } from "../../src/testing/race-suite.ts";
import { type Backend, backends, type Cache, caches, nodesOn } from "./backends.ts";

for (const [name, start] of Object.entries(backends)) {
  describe(name, () => {
    let backend: Backend;
    before(async () => {
      backend = await start();
    });
    after(() => backend[Symbol.asyncDispose]());

    for (const [cache, settings] of Object.entries(caches)) {
      describeRaces(`${name}, ${cache}`, {
        steps: 500,
        settings: { ...settings, onLimit: cache === "plain" ? "evict-oldest" : "refuse" },
        open: () => nodesOn(backend, cache as Cache),
      });
    }
  });
}
