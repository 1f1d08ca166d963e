import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { describeSessionStore, storePromises } from "../../src/testing/store-suite.ts";

describe("The contract of stores", () => {
  test("every sentence of the port is a promise in the suite, in the same words", () => {
    const missing = sentencesOfPort().filter((sentence) => !promises.includes(inSuite(sentence)));
    assert.deepEqual(missing, [
      "Where sessions live",
      "Default 2000; `Infinity` where operations cannot hang",
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

function sentencesOfPort(): string[] {
  const source = readFileSync(new URL("../../src/core/store.ts", import.meta.url), "utf8");
  const port = /\/\*\*(?:(?!\/\*\*)[\s\S])*\*\/\s*export interface SessionStore [^{]*\{[\s\S]*?\n\}/.exec(
    source,
  )![0];
  return Array.from(port.matchAll(/\/\*\*([\s\S]*?)\*\//g), ([, comment]) => plainText(comment!))
    .flatMap((text) => text.split(/\.(?:\s|$)/))
    .filter((sentence) => sentence !== "");
}

function plainText(comment: string): string {
  return comment
    .replace(/^\s*\* ?/gm, " ")
    .replace(/\s+/g, " ")
    .trim();
}

/** Names of promises begin in lower case. */
function inSuite(sentence: string): string {
  return sentence[0]!.toLowerCase() + sentence.slice(1);
}
