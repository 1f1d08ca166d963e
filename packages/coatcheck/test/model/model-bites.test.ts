/** A model that lets everything pass proves nothing: what is wrong on purpose is found, by name. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import { SessionManager } from "../../src/core/manager.ts";
import type { SessionStore } from "../../src/core/store.ts";
import { MemorySessionStore } from "../../src/stores/memory.ts";
import { hasty, histories } from "../../src/testing/model/history.ts";
import { play } from "../../src/testing/model/play.ts";
import { races } from "../../src/testing/model/race.ts";
import { runRace } from "../../src/testing/model/run-race.ts";
import type { MakeManager } from "../../src/testing/model/stage.ts";
import { flawed, slowTouches, wrongAlone, wrongTogether } from "./broken-stores.ts";

/** What is wrong is found long before. The seed is always the same. */
const patience = { numRuns: 1_000, seed: 42, endOnFailure: true };
/** The suite itself tries more. */
const glance = { ...patience, numRuns: 100 };

async function foundByHistories(
  open: () => SessionStore,
  make?: MakeManager,
  parameters = patience,
): Promise<unknown> {
  const property = fc.asyncProperty(histories(fc, 60), (history) => play(history, open(), make));
  return (await fc.check(property, parameters)).errorInstance ?? undefined;
}

async function foundByRaces(open: () => SessionStore, parameters = patience): Promise<unknown> {
  const property = fc.asyncProperty(races(fc), fc.scheduler(), (race, scheduler) => {
    const store = open();
    return runRace(race, [store, store], scheduler);
  });
  return (await fc.check(property, parameters)).errorInstance ?? undefined;
}

const memory = () => new MemorySessionStore();

/** Changes the options of a manager that is right otherwise. */
const withPolicy =
  (change: (policy: Record<string, number>) => object): MakeManager =>
  (options) =>
    new SessionManager({
      ...options,
      policy: { ...options.policy, ...change(options.policy as Record<string, number>) },
    });

/** Changes a method of a manager that is right otherwise. */
const withMethods =
  (change: (right: SessionManager) => Partial<SessionManager>): MakeManager =>
  (options) => {
    const right = new SessionManager(options);
    const methods = change(right);
    return new Proxy(right, {
      get: (_, name) => {
        const value = Reflect.get(name in methods ? methods : right, name);
        return typeof value === "function" ? value.bind(right) : value;
      },
    });
  };

const wrongManagers: Readonly<Record<string, MakeManager>> = {
  "lets sessions idle a millisecond too long": withPolicy(({ idleTimeout }) => ({
    idleTimeout: idleTimeout! + 1,
  })),
  "lets sessions live a millisecond too long": withPolicy(({ absoluteTimeout }) => ({
    absoluteTimeout: absoluteTimeout! + 1,
  })),
  "renews a millisecond too late": withPolicy(({ renewAfter }) => ({ renewAfter: renewAfter! + 1 })),
  "has a grace that is a millisecond too long": withPolicy(({ grace }) => ({ grace: grace! + 1 })),
  "has no grace": withPolicy(() => ({ grace: 1 })),
  "sees uses too often": withPolicy(() => ({ touchInterval: 0 })),
  "starts renewals that no answer can carry": withMethods((right) => ({
    validate: (token, request) => right.validate(token, { ...request, canRenew: true }),
  })),
  "sends successors to any client": withMethods((right) => ({
    validate: (token, request) => right.validate(token, { ...request, client: {} }),
    renew: (token) => right.renew(token, {}),
  })),
  "sends a successor only once": withMethods((right) => {
    const sent = new Set<string>();
    return {
      validate: async (token, request) => {
        const validation = await right.validate(token, request);
        if (!validation.ok || !validation.successor) return validation;
        const text = validation.successor.reveal();
        const successor = sent.has(text) ? undefined : validation.successor;
        sent.add(text);
        return { ...validation, successor };
      },
    };
  }),
  "takes a guess for theft": withMethods((right) => ({
    validate: async (token, request) => {
      const validation = await right.validate(token, request);
      if (!validation.ok && validation.rejection.reason === "unknown" && typeof token === "string") {
        await right.revoke(token.split(".")[0] as Parameters<SessionManager["revoke"]>[0], {
          reason: "theft",
        });
      }
      return validation;
    },
  })),
  "never asks whether a sign-in still holds": withMethods((right) => ({
    create: (userId, { stillValid: _, ...options } = {}) => right.create(userId, options),
  })),
  "keeps the session that was signed in over": withMethods((right) => ({
    create: (userId, { replacing: _, ...options } = {}) => right.create(userId, options),
  })),
  "ends sessions for strangers": withMethods((right) => ({
    revoke: (id, { userId: _, ...options } = {}) => right.revoke(id, options),
  })),
  "tells each end twice": (options) =>
    new SessionManager({
      ...options,
      onEvent: (event) => {
        options.onEvent?.(event);
        if (event.type === "revoked") options.onEvent?.(event);
      },
    }),
  "keeps silent about theft": (options) =>
    new SessionManager({
      ...options,
      onEvent: (event) => (event.type === "theft" ? undefined : options.onEvent?.(event)),
    }),
  "notes every use again": withMethods((right) => ({
    validate: async (token, request) => {
      const validation = await right.validate(token, request);
      if (validation.ok) await right.touch(validation.session);
      return validation;
    },
  })),
};

describe("random histories", () => {
  test("find nothing in a right store and a right manager", async () => {
    assert.equal(await foundByHistories(() => flawed(() => ({})), undefined, glance), undefined);
  });

  for (const [flaw, make] of Object.entries(wrongAlone)) {
    test(`find a store that ${flaw}`, async () => assert.ok(await foundByHistories(() => flawed(make))));
  }

  for (const [flaw, make] of Object.entries(wrongManagers)) {
    test(`find a manager that ${flaw}`, async () => assert.ok(await foundByHistories(memory, make)));
  }
});

describe("random races", () => {
  test("find nothing in a right store and a right manager", async () => {
    assert.equal(await foundByRaces(() => flawed(() => ({})), glance), undefined);
  });

  for (const [flaw, make] of Object.entries(wrongTogether)) {
    test(`find a store that ${flaw}`, async () => assert.ok(await foundByRaces(() => flawed(make))));
  }
});

test("a race leaves nothing behind, also where a use is still being noted when everything is answered", async () => {
  const store = flawed(slowTouches);
  const property = fc.asyncProperty(fc.scheduler(), async (scheduler) => {
    await runRace(
      { policy: hasty, standing: "due", deeds: [{ do: "write" }, { do: "count" }] },
      [store],
      scheduler,
    );
    assert.deepEqual(await store.findByUser("ada"), []);
  });
  await fc.assert(property, { numRuns: 10, seed: 42 });
});
