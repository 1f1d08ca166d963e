/** Whoever waits gives up in time, and shares nothing but the timer with others. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { within } from "../../src/core/deadline.ts";

const never = new Promise<never>(() => {});

function timers(): number {
  return process.getActiveResourcesInfo().filter((resource) => resource === "Timeout").length;
}

test("an answer in time is the answer, and a rejection in time is what it is turned into", async () => {
  assert.equal(await within(1_000, Promise.resolve("coat")), "coat");
  const failure = (cause: unknown) => new Error("no coat", { cause });
  await assert.rejects(within(1_000, Promise.reject(new Error("moths")), { failure }), /no coat/);
});

test("of those who ask in one turn each is answered or given up on alone", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const late = Promise.withResolvers<string>();
  const waits = [within(100, Promise.resolve("coat")), within(100, never), within(100, late.promise)];
  assert.equal(await waits[0], "coat");
  t.mock.timers.tick(99);
  late.resolve("hat");
  assert.equal(await waits[2], "hat");
  t.mock.timers.tick(1);
  await assert.rejects(waits[1]!, /No answer within 100 ms/);
});

test("a deadline holds also where all who asked before in the same turn were answered already", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  await within(100, Promise.resolve("coat"));
  const wait = within(100, never);
  t.mock.timers.tick(100);
  await assert.rejects(wait, /No answer within 100 ms/);
});

test("a deadline holds also where one of the same turn has passed already", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const waits = [within(100, never)];
  t.mock.timers.tick(100);
  waits.push(within(100, never));
  t.mock.timers.tick(100);
  for (const { status } of await Promise.allSettled(waits)) assert.equal(status, "rejected");
});

test("who asks late in a long turn has as much time as who asked first", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  let now = performance.now();
  t.mock.method(performance, "now", () => now);
  const early = within(100, never);
  now += 60;
  t.mock.timers.tick(60);
  let isLateOver = false;
  const late = within(100, never).catch(() => {
    isLateOver = true;
  });
  t.mock.timers.tick(99);
  await assert.rejects(early);
  assert.equal(isLateOver, false);
  t.mock.timers.tick(1);
  await late;
  assert.equal(isLateOver, true);
});

test("who was answered hears nothing of another's deadline", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const failures: unknown[] = [];
  const failure = (cause: unknown) => failures.push(cause);
  const waits = [within(100, never, { failure }), within(100, Promise.resolve("coat"), { failure })];
  assert.equal(await waits[1], "coat");
  t.mock.timers.tick(100);
  await assert.rejects(async () => waits[0]);
  assert.equal(failures.length, 1);
});

test("who has more time has it, whoever asks in the same turn", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const [short, long] = [within(100, never), within(300, never)];
  let isLongOver = false;
  long.catch(() => {
    isLongOver = true;
  });
  t.mock.timers.tick(299);
  await assert.rejects(short, /within 100 ms/);
  assert.equal(isLongOver, false);
  t.mock.timers.tick(1);
  await assert.rejects(long, /within 300 ms/);
});

test("no timer is left when all who asked are answered, and none is set for ever", async () => {
  const before = timers();
  const answers = Array.from({ length: 20 }, () => within(60_000, Promise.resolve("coat")));
  assert.equal(timers(), before + 1, "One for all");
  await Promise.all(answers);
  assert.equal(timers(), before);
  assert.equal(await within(Number.POSITIVE_INFINITY, Promise.resolve("coat")), "coat");
  assert.equal(timers(), before);
});

test("a wait keeps the process alive unless it is told not to", async () => {
  const before = timers();
  const answer = Promise.withResolvers<void>();
  const wait = within(60_000, answer.promise, { keepsAlive: false });
  assert.equal(timers(), before);
  answer.resolve();
  await wait;
});
