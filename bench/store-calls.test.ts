import assert from "node:assert/strict";
import { test } from "node:test";
import {
  callsAtOnce,
  callsOfIgnoredSession,
  callsOverTenTouchIntervals,
  callsWithinTouchInterval,
} from "./store-calls.ts";

test("a request that ignores its session costs no store call", async () => {
  assert.deepEqual(await callsOfIgnoredSession(), { finds: 0, writes: 0 });
});

test("a guarded request costs one find", async () => {
  assert.deepEqual(await callsWithinTouchInterval(), { finds: 1_000, writes: 0 });
});

test("a session is written at most once in each touchInterval", async () => {
  assert.deepEqual(await callsOverTenTouchIntervals(), { finds: 1_000, writes: 10 });
});

test("also when a thousand of its requests come at once", async () => {
  assert.deepEqual(await callsAtOnce(), { finds: 1_000, writes: 1 });
});
