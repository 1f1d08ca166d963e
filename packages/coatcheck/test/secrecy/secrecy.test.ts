/** P7: the secret leaves memory only inside `Set-Cookie` (ASVS 16.2.5, 14.2.1, 7.2.1; WSTG SESS-04). */

import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, test } from "node:test";
import { folder } from "../stores/sqlite-file.ts";
import { onMemory, onSqlite } from "./ground.ts";
import { leaks } from "./leaks.ts";
import { keepsItsSecrets } from "./promise.ts";
import { Run } from "./run.ts";

describe("whatever the library does, no secret is anywhere but where it is meant to be (ASVS 7.2.1, 14.2.1, 16.2.5, WSTG-SESS-04)", () => {
  test("over memory", () => keepsItsSecrets(onMemory()));
  test("over SQLite", (t) => keepsItsSecrets(onSqlite(join(folder(t), "sessions.db"))));
});

describe("a secret that is told is found", () => {
  for (const [place, leak] of Object.entries(leaks)) {
    test(`in the place called ${place}`, async () => {
      const ground = onMemory();
      const run = new Run(ground);
      const visitor = run.visitor("plain");
      await visitor.post((auth) => auth.login("heidi"));
      assert.deepEqual(run.canaries.sightings(run.evidence), []);
      await leak(run, visitor);
      run.say("store", ...(await ground.dump()).contents);
      const sightings = run.canaries.sightings(run.evidence);
      assert.ok(sightings.some((sighting) => sighting.place === place));
      await run.audit.close();
    });
  }
});
