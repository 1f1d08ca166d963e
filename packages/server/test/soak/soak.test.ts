/** That a soak finds what it looks for: each promise, broken in a report. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Holdings } from "./probe.ts";
import { broken, tolerableGrowth } from "./promises.ts";
import { growth, leftBehind, type SoakReport } from "./soak.ts";

const megabyte = 2 ** 20;

const idle: Holdings = {
  heap: 30 * megabyte,
  external: 8 * megabyte,
  resident: 190 * megabyte,
  resources: ["MessagePort", "TCPServerWrap", "Timeout", "Timeout"],
  connections: 0,
  files: 40,
  delay: 1,
};

function samples(heapAt: (index: number) => number): Holdings[] {
  return Array.from({ length: 30 }, (_, index) => ({ ...idle, heap: heapAt(index) }));
}

/** What a cache does: it fills, and a collection comes sooner or later. */
const flat = samples((index) => (30 + Math.min(index, 8) + (index % 3) / 4) * megabyte);

const kept: SoakReport = {
  requests: 10_000,
  answers: new Map([["residents 200", 10_000]]),
  unmeant: [],
  dropped: [],
  complaints: [],
  samples: flat,
  before: idle,
  after: idle,
  p50: 1,
  p99: 5,
  delay: 3,
  stop: { exitCode: 0, answered: 20, dropped: [], unmeant: [] },
};

describe("a soak finds", () => {
  test("nothing where every promise is kept", () => {
    assert.deepEqual(broken(kept), []);
  });

  const leaks: Readonly<Record<string, Partial<SoakReport>>> = {
    "No request is answered in a way that nobody meant": { unmeant: ["residents: GET /api/session: 500"] },
    "Every request is answered": { dropped: ["GET /api/session: ECONNRESET"] },
    "The log complains of nothing": { complaints: ['{"level":50,"event":"unhandled-rejection"}'] },
    "Memory is flat": { samples: samples((index) => (30 + index / 2) * megabyte) },
    "No connection, timer or file is left behind": { after: { ...idle, connections: 1 } },
    "SIGTERM drops no request": { stop: { ...kept.stop, dropped: ["GET /api/session: ECONNRESET"] } },
    "Requests after SIGTERM are answered as those before": { stop: { ...kept.stop, unmeant: ["500"] } },
    "SIGTERM ends the process with 0": { stop: { ...kept.stop, exitCode: null } },
  };
  for (const [promise, leak] of Object.entries(leaks)) {
    test(`that this was broken: ${promise}`, () => {
      const found = broken({ ...kept, ...leak });
      assert.equal(found.length, 1);
      assert.ok(found[0]!.startsWith(promise));
    });
  }

  test("what grows by a little with each third, and not what fills in the first", () => {
    assert.ok(growth(flat.map(({ heap }) => heap)) < tolerableGrowth / 2);
    assert.equal(growth([9, 9, 9, 1, 2, 3, 4, 5, 6]), 3);
  });

  test("what is left behind, by its name", () => {
    const after = {
      ...idle,
      files: 42,
      connections: 3,
      resources: [...idle.resources, "Timeout", "TCPSocketWrap"],
    };
    assert.deepEqual(leftBehind(idle, after), ["1 Timeout", "1 TCPSocketWrap", "3 connection", "2 file"]);
    assert.deepEqual(leftBehind(after, idle), []);
  });
});
