/** The page of the audit is the inventory of what is logged (ASVS 16.1.1): nothing is recorded that it does not name. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { accountEvents } from "../packages/server/src/accounts/account-event.ts";

const read = (path: string) => readFileSync(join(import.meta.dirname, "..", path), "utf8");

// Proves ASVS 16.1.1, ASVS 16.2.3, ASVS 16.3.3.
test("every event has its place in the inventory, with who keeps it and for how long", () => {
  const page = read("docs/protections/audit.md");
  const recorded = /## What is recorded\n(.*?)\n## /s.exec(page)![1]!;
  const ofSessions = read("packages/coatcheck/src/core/events.ts").matchAll(/readonly type: "([\w-]+)"/g);
  const events = [...Array.from(ofSessions, ([, type]) => type!), ...accountEvents];
  assert.ok(events.length > 20);
  for (const event of events) assert.ok(recorded.includes(`\`${event}\``), event);
  for (const kept of ["400 days", "`COATCHECK_DATABASE`", "`sinks`", "`COATCHECK_AUDIT_DAYS`"]) {
    assert.ok(page.includes(kept), kept);
  }
});
