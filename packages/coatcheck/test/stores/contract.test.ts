import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { describeRememberStore, rememberPromises } from "../../src/testing/remember-suite.ts";
import { describeSessionStore, storePromises } from "../../src/testing/store-suite.ts";
import { sentencesOf } from "../port-sentences.ts";

interface Contract {
  readonly port: string;
  readonly source: string;
  readonly promises: readonly string[];
  /** What promises nothing. */
  readonly introductions: readonly string[];
  readonly describeStore: typeof describeSessionStore | typeof describeRememberStore;
}

const contracts: Readonly<Record<string, Contract>> = {
  "The contract of stores": {
    port: "SessionStore",
    source: "core/store.ts",
    promises: Object.values(storePromises).flatMap(Object.keys),
    introductions: ["where sessions live", "default 2000; `Infinity` where operations cannot hang"],
    describeStore: describeSessionStore,
  },
  "The contract of stores of remembered browsers": {
    port: "RememberStore",
    source: "core/remember-store.ts",
    promises: Object.values(rememberPromises).flatMap(Object.keys),
    introductions: ["where remembered browsers live"],
    describeStore: describeRememberStore,
  },
};

for (const [name, { port, source, promises, introductions, describeStore }] of Object.entries(contracts)) {
  describe(name, () => {
    test("every sentence of the port is a promise in the suite, in the same words", () => {
      const sentences = sentencesOf(source, port);
      const missing = sentences.filter((sentence) => !promises.includes(sentence));
      assert.deepEqual(missing, introductions);
    });

    test("no two promises have the same name, so that each can be skipped by its name", () => {
      assert.deepEqual(new Set(promises).size, promises.length);
    });

    test("a promise that there is not cannot be skipped", () => {
      const skip = [{ reason: "a typing error", promises: ["adds a sessoin"] }];
      assert.throws(() => describeStore("unused", { open: () => assert.fail(), skip }), TypeError);
    });
  });
}
