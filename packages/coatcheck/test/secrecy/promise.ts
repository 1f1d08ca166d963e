/** The promise, in the same words for every store. */
import assert from "node:assert/strict";
import { everyFailure, everyFlow } from "./flows.ts";
import type { Ground } from "./ground.ts";
import { replay } from "./replay.ts";
import { Run } from "./run.ts";

/** What must have been said in each place: where nothing is kept, nothing is found. */
const marks: Readonly<Record<string, RegExp>> = {
  event: /type: 'theft'.*remember: true/s,
  warning: /The observer failed/,
  audit: /event: 'theft'/,
  error: /InvalidDataError.*StoreUnavailableError/s,
  "public object": /SessionManager \{.*KeyRing/s,
  RequestAuth: /RequestAuth \{/,
  finding: /store/,
  headers: /set-cookie: __Host-session=\*; HttpOnly/,
  body: /"reason":"theft"/,
  result: /Session|userId/,
};

export async function keepsItsSecrets(ground: Ground): Promise<void> {
  const run = new Run(ground);
  try {
    await everyFlow(run);
    const attempts = await replay(run);
    run.say("store", ...(await ground.dump()).contents);
    assert.ok(attempts > 1_000, `only ${attempts} attempts`);
    await everyFailure(run);
    await run.sessions.close();
    await run.audit.close();
  } finally {
    await ground.close();
  }
  for (const [place, mark] of Object.entries(marks)) assert.ok(mark.test(run.textOf(place)), place);
  assert.match(run.textOf("store"), /heidi/);
  assert.ok(run.canaries.size > 100, `only ${run.canaries.size} canaries`);
  assert.deepEqual(run.canaries.sightings(run.evidence), []);
}
