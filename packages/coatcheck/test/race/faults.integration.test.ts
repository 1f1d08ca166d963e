/** Races in which nodes, stores and networks fail. `npm run race -- --faults` has more of them, and longer. */
import { after, before, describe } from "node:test";
import { describeRaces } from "../../src/testing/race-suite.ts";
import { nodesOn } from "./backends.ts";
import { type FaultyBackend, faultyBackends, shortly } from "./faulty-backends.ts";

for (const [name, chosen] of Object.entries(shortly)) {
  describe(`${name} and its nodes fail`, () => {
    let backend: FaultyBackend;
    before(async () => {
      backend = await faultyBackends[name]!();
    });
    after(() => backend[Symbol.asyncDispose]());

    describeRaces(`${name} under faults`, {
      steps: 700,
      steady: false,
      settings: { timeout: 500 },
      open: () => {
        const { durable, faults } = backend;
        return {
          ...nodesOn(backend, "plain"),
          durable,
          faults: faults.filter((fault) => chosen.test(fault.name)),
        };
      },
    });
  });
}
