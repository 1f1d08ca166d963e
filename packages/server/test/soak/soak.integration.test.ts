/** The short form of `npm run soak`: the same people and promises, for a few seconds. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { broken } from "./promises.ts";
import { soak } from "./soak.ts";

test("under sign-in floods, invented tickets, revocations and pruning the server answers everything as it should, leaks nothing, and stops without dropping a request", {
  timeout: 540_000,
}, async () => {
  // So few ask again and again that all of them are in the cache after the first third.
  const report = await soak({ seconds: 8, users: 10_000, residents: 200 });
  const answered = [...report.answers.keys()];
  for (const who of [
    "residents 200",
    "readers 200",
    "guessers 401",
    "comers 401",
    "inventors 401",
    "strays 403",
    "returning 200",
  ]) {
    assert.ok(answered.includes(who), `${who} is not among ${answered}`);
  }
  assert.ok(report.stop.answered > 0, "requests were under way when it was told to stop");
  assert.deepEqual(broken(report), []);
});
