import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { describeSessionStore, storePromises } from "../../src/testing/store-suite.ts";
import { sentencesOf } from "../port-sentences.ts";

describe("The contract of stores", () => {
  test("every sentence of the port is a promise in the suite, in the same words", () => {
    const missing = sentencesOf("core/store.ts", "SessionStore").filter((each) => !promises.includes(each));
    assert.deepEqual(missing, [
      "where sessions live",
      "default 2000; `Infinity` where operations cannot hang",
    ]);
  });

  test("no two promises have the same name, so that each can be skipped by its name", () => {
    assert.deepEqual(new Set(promises).size, promises.length);
  });

  test("a promise that there is not cannot be skipped", () => {
    const skip = [{ reason: "a typing error", promises: ["adds a sessoin"] }];
    assert.throws(() => describeSessionStore("unused", { open: () => assert.fail(), skip }), TypeError);
  });
});

const promises = Object.values(storePromises).flatMap((cases) => Object.keys(cases));
