import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { MemorySessionStore } from "coatcheck/memory";
import type { Context } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import type { Opened } from "./application.ts";
import * as express from "./coatcheck/express.ts";
import * as fastify from "./coatcheck/fastify.ts";
import * as hono from "./coatcheck/hono.ts";
import { serveExpress } from "./frameworks/express.ts";
import { serveFastify } from "./frameworks/fastify.ts";
import { type HonoApplication, serveHono } from "./frameworks/hono.ts";
import { gate } from "./gate.ts";
import { sessionsIn } from "./population.ts";
import { frameworkNames } from "./routes.ts";
import { type Trials, tryOut } from "./trials.ts";

const sessions = () => sessionsIn(new MemorySessionStore());

const ours = {
  hono: () => serveHono(hono.ways.guarded(sessions())),
  express: () => serveExpress(express.ways.guarded(sessions())),
  fastify: () => serveFastify(fastify.ways.guarded(sessions())),
};

describe("what a sign-out means is tried on a running server", () => {
  for (const framework of frameworkNames) {
    test(`Coatcheck's is final on ${framework}`, async () => {
      const trials = await tried({ serve: ours[framework] });
      assert.deepEqual(trials, { survivesSlowRequest: true, endsCopies: true, endsCopiesEverywhere: true });
    });
  }

  test("a store that inserts what it is told to write brings a session back (CVE-2025-46336)", async () => {
    const trials = await tried({ serve: () => serveHono(inserting()) });
    assert.deepEqual(trials, { survivesSlowRequest: false, endsCopies: true, endsCopiesEverywhere: null });
  });

  test("a cookie that says everything itself outlives its owner's sign-out", async () => {
    const trials = await tried({ serve: () => serveHono(stateless()) });
    assert.deepEqual(trials, { survivesSlowRequest: false, endsCopies: false, endsCopiesEverywhere: false });
  });
});

async function tried(opened: Opened): Promise<Trials> {
  await using serving = await opened.serve();
  return await tryOut(serving.port);
}

/** As most session stores work: there is one way to write, and it makes what is not there. */
function inserting(): HonoApplication {
  const store = new Map<string, { userId: string; visits: number }>();
  const find = (c: Context) => store.get(getCookie(c, "sid") ?? "");
  return {
    me: (c) => c.json({}, find(c) ? 200 : 401),
    signIn(c) {
      const userId = c.req.header("X-User")!;
      setCookie(c, "sid", userId);
      store.set(userId, { userId, visits: 7 });
      return c.json({});
    },
    async slow(c) {
      const session = find(c)!;
      await gate.pass();
      store.set(session.userId, { ...session, visits: 8 });
      return c.json({});
    },
    signOut(c) {
      store.delete(getCookie(c, "sid") ?? "");
      return c.json({});
    },
  };
}

function stateless(): HonoApplication {
  const clear = (c: Context) => {
    deleteCookie(c, "user");
    return c.json({});
  };
  return {
    me: (c) => c.json({}, getCookie(c, "user") ? 200 : 401),
    signIn(c) {
      setCookie(c, "user", c.req.header("X-User")!);
      return c.json({});
    },
    async slow(c) {
      await gate.pass();
      return c.json({});
    },
    signOut: clear,
    signOutEverywhere: clear,
  };
}
