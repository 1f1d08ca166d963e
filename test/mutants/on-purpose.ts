/** A test that fails. Not among the tests: its name is not that of one. */
import assert from "node:assert/strict";
import { test } from "node:test";

test("a test fails", () => assert.fail("on purpose"));
