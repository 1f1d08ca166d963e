import assert from "node:assert/strict";
import type { ThrottleStore } from "../../core/throttle-store.ts";
import { beginning } from "../record.ts";
import { allAtOnce, type Connected, type StoreCases } from "../store/case.ts";
import { assertFailures, fail, rule } from "./expectations.ts";

const now = beginning;
const crowd = Array.from({ length: 200 }, (_, index) => index);

export const race: StoreCases<ThrottleStore> = {
  "every method is one atomic step of its backend": async (on) => {
    assert.equal(
      await allowedOf(on, now),
      3,
      "Of 200 parallel attempts the free ones are allowed (CVE-2019-5421)",
    );
    await assertFailures(on.store, "a", 3);
    assert.equal(await allowedOf(on, now), 0);
  },

  "of many who wait for the same moment one is allowed": async (on) => {
    await fail(on.store, "a", 3, now);
    assert.equal(await allowedOf(on, now + 1_000), 1);
    assert.equal(await allowedOf(on, now + 3_000), 1);
    await assertFailures(on.store, "a", 5);
  },

  "of many who come when all is to be forgotten the free ones are allowed": async (on) => {
    const last = await fail(on.store, "a", 9, now);
    assert.equal(await allowedOf(on, last + rule.forgetAfter), 3);
  },

  "parallel refunds take back as many failures as there are refunds": async (on) => {
    const generous = { ...rule, free: 300, cap: 300 };
    await allAtOnce(on, crowd, (store) => store.attempt("a", generous, now));
    await allAtOnce(on, crowd.slice(50), (store) => store.refund("a"));
    await assertFailures(on.store, "a", 50);
  },

  "one of two who reset has done it": async (on) => {
    await fail(on.store, "a", 3, now);
    const outcomes = await allAtOnce(on, crowd.slice(0, 20), (store) => store.reset("a"));
    assert.equal(outcomes.filter(Boolean).length, 1);
  },
};

async function allowedOf(on: Connected<ThrottleStore>, then: number): Promise<number> {
  const answers = await allAtOnce(on, crowd, (store) => store.attempt("a", rule, then));
  return answers.filter(({ allowed }) => allowed).length;
}
