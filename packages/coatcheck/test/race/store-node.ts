/** The process of a node: `node store-node.ts <kind of store> <where> plain|cached`. */
import { cached } from "../../src/stores/cached.ts";
import { managerNode } from "../../src/testing/race/manager-node.ts";
import { serveRaceNode } from "../../src/testing/race/serve-node.ts";
import { openStore, type StoreKind } from "./open-store.ts";

const [kind, where, cache] = process.argv.slice(2);

// A file that may not grow is an error of the write, and no end of the process.
process.on("SIGXFSZ", () => {});

await serveRaceNode(async (settings) => {
  const { timeout, staleness: maxStaleness } = settings;
  const store = await openStore(kind as StoreKind, where!, timeout);
  return managerNode(cache === "cached" ? cached(store, { maxStaleness }) : store, settings);
});
