import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { SessionManager } from "coatcheck";
import { MemorySessionStore } from "coatcheck/memory";
import { createLogger } from "../src/request-log.ts";
import { startUpkeep } from "../src/upkeep.ts";

const longestPause = 6 * 60_000;

async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
}

test("what has expired is removed again and again, also after a failure, until it is stopped", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const clock = { now: 0 };
  const store = new MemorySessionStore();
  const sessions = new SessionManager({ store, now: () => clock.now });
  const lines: string[] = [];
  const stop = startUpkeep(sessions, createLogger({ write: (line) => void lines.push(line) }));

  const failing = mock.method(store, "deleteExpired", () => Promise.reject(new Error("busy")));
  mock.timers.tick(longestPause);
  await settled();
  assert.match(lines.join(""), /upkeep-failed/);
  failing.mock.restore();

  await sessions.create("ada");
  clock.now += 24 * 3_600_000;
  mock.timers.tick(longestPause);
  await settled();
  assert.match(lines.join(""), /"event":"pruned","removed":1/);

  await stop();
  const asked = mock.method(store, "deleteExpired");
  mock.timers.tick(longestPause);
  await settled();
  assert.equal(asked.mock.callCount(), 0);
  mock.timers.reset();
});
