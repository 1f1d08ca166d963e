import assert from "node:assert/strict";
import { describe, test } from "node:test";
import express5, { type ErrorRequestHandler, type RequestHandler } from "express";
// @ts-expect-error The types of Express 4 and 5 cannot both be installed; what is used here is alike.
import express4 from "express4";
import multer from "multer";
import {
  answerProblems,
  authOf,
  coatcheck,
  requireCsrfToken,
  requireRecentAuth,
  requireSession,
  requireSessionWhere,
  sessionOf,
} from "../../src/adapters/express.ts";
import { SessionManager } from "../../src/core/manager.ts";
import { SessionToken } from "../../src/core/token.ts";
import { MemorySessionStore } from "../../src/stores/memory.ts";
import {
  type Application,
  describeAdapter,
  type Route,
  type RouteGuard,
} from "../../src/testing/adapter-suite.ts";
import { served } from "./served.ts";

for (const [name, express] of [
  ["Express 5", express5],
  ["Express 4", express4 as typeof express5],
] as const) {
  describeAdapter(name, {
    serve: async (application) => served(applicationOn(express, application).listen(0, "127.0.0.1")),
    skip: [
      {
        reason: "the parsers of forms stand before the middleware, and answer 400 to what is no form",
        promises: ["a form that is none is refused, not an error"],
      },
      {
        reason: "Express writes the head of a response without waiting, so nothing can be asked before it",
        promises: [
          "a successor that a slow answer carries does not overwrite the cookie of a newer sign-in",
          "a successor that a slow answer carries does not overwrite the cookie of a re-authentication",
          "a slow answer to a remembered browser does not overwrite the cookies of a newer sign-in",
        ],
      },
    ],
  });
}

function applicationOn(express: typeof express5, { sessions, options, routes }: Application) {
  const { onProblem, ...rest } = options;
  const app = express();
  app.use(express.urlencoded({ extended: false }), multer().none());
  app.use(coatcheck(sessions, { ...rest, ...(onProblem && { onProblem: sending(onProblem) }) }));
  app.use(express.json());
  for (const route of routes) {
    const method = route.method.toLowerCase() as "get";
    app[method](route.path, ...(route.guard ? [middlewareFor(route.guard)] : []), handlerOf(route));
  }
  const onError: ErrorRequestHandler = (error, _req, res, _next) =>
    void res.status(error.status ?? 500).json({ error: error.message });
  app.use(answerProblems(), onError);
  return app;
}

function sending(onProblem: NonNullable<Application["options"]["onProblem"]>) {
  return async (problem: Parameters<typeof onProblem>[0], _req: unknown, res: express5.Response) => {
    const response = onProblem(problem);
    for (const [name, value] of response.headers) res.set(name, value);
    res.status(response.status).send(await response.text());
  };
}

function handlerOf({ guard, headers = {}, answer }: Route): RequestHandler {
  return (req, res, next) => {
    res.set(headers);
    answer({
      auth: authOf(req),
      session: guard && sessionOf(req),
      query: (name) => req.query[name] as string | undefined,
      field: async (name) => req.body[name],
      json: async () => req.body,
    }).then((body) => res.json(body), next);
  };
}

function middlewareFor(guard: RouteGuard): RequestHandler {
  if (guard.demand === "recent") return requireRecentAuth(guard.within);
  if (guard.demand === "where") return requireSessionWhere(guard.predicate);
  return guard.demand === "csrf-token" ? requireCsrfToken() : requireSession();
}

describe("Express", () => {
  const sessions = new SessionManager({ store: new MemorySessionStore() });

  for (const [form, head] of Object.entries({
    "an object": [
      200,
      { "cache-control": "public", "set-cookie": ["theme=dark"], "content-type": "text/plain" },
    ],
    "a flat list": [
      200,
      ["cache-control", "public", "set-cookie", "theme=dark", "content-type", "text/plain"],
    ],
    "a flat list of lists": [
      200,
      ["cache-control", "public", "set-cookie", ["theme=dark", "theme=light"], "content-type", "text/plain"],
    ],
    "an object after a message that is not there": [
      200,
      undefined,
      { "cache-control": "public", "set-cookie": ["theme=dark"], "content-type": "text/plain" },
    ],
    "a list of pairs after a message": [
      200,
      "OK",
      [
        ["cache-control", "public"],
        ["set-cookie", "theme=dark"],
        ["content-type", "text/plain"],
      ],
    ],
  })) {
    test(`keeps the cookie, and out of caches, when the head is written with ${form} (CVE-2025-7339)`, async () => {
      const app = express5().use(coatcheck(sessions));
      app.post("/", async (req, res) => {
        await authOf(req).login("ada");
        res.set({ "Content-Type": "text/html", Vary: "Origin" });
        (res.writeHead as (...args: unknown[]) => unknown)(...head);
        res.end();
      });
      const { origin, close } = await served(app.listen(0, "127.0.0.1"));
      try {
        const response = await fetch(origin, { method: "POST" });
        assert.equal(response.headers.get("cache-control"), "no-store");
        assert.equal(response.headers.get("content-type"), "text/plain", "The head has the last word");
        assert.equal(response.headers.get("vary"), "Origin, Cookie");
        assert.deepEqual(
          [...new Set(response.headers.getSetCookie().map((cookie) => cookie.split("=")[0]))],
          ["theme", "__Host-session"],
        );
      } finally {
        await close();
      }
    });
  }

  for (const [whose, cookie] of [
    ["without a cookie", undefined],
    ["whose session must be looked up", `__Host-session=${SessionToken.generate("ada").reveal()}`],
  ] as const) {
    test(`asks onProblem once, also where it answers and fails then, for a request ${whose}`, async () => {
      let calls = 0;
      const errors: unknown[] = [];
      const onProblem = async (_problem: unknown, req: express5.Request, res: express5.Response) => {
        calls += 1;
        res.status(401).end("page");
        await authOf(req).update({});
      };
      const app = express5().use(coatcheck(sessions, { onProblem }));
      app.get("/", requireSession(), (_req, res) => void res.end());
      const onError: ErrorRequestHandler = (error, _req, _res, _next) => void errors.push(error);
      app.use(onError);
      const { origin, close } = await served(app.listen(0, "127.0.0.1"));
      try {
        const response = await fetch(origin, { headers: cookie ? { cookie } : {} });
        assert.equal(await response.text(), "page");
        // What fails after the answer has failed by the time that the next one is answered.
        await fetch(`${origin}/nowhere`);
        assert.equal(calls, 1);
        assert.deepEqual(
          errors.map((error) => (error as Error).name),
          ["NotSignedInError"],
        );
      } finally {
        await close();
      }
    });
  }

  test("lets a handler look at the session after it has begun to answer", async () => {
    const app = express5().use(coatcheck(sessions));
    app.get("/", async (req, res) => {
      res.write("nobody: ");
      res.end(String((await authOf(req).session()) === undefined));
    });
    const { origin, close } = await served(app.listen(0, "127.0.0.1"));
    try {
      assert.equal(await (await fetch(origin)).text(), "nobody: true");
    } finally {
      await close();
    }
  });

  test("completes one answer for two managers, each with its own cookie", async () => {
    const staff = new SessionManager({ store: new MemorySessionStore() });
    const app = express5().use(coatcheck(sessions));
    app.post(
      "/admin",
      (req, _res, next) =>
        void authOf(req)
          .login("ada")
          .then(() => next(), next),
    );
    app.use("/admin", coatcheck(staff, { cookie: { name: "__Host-staff" } }));
    app.post("/admin", async (req, res) => {
      await authOf(req).login("grace");
      res.end();
    });
    const { origin, close } = await served(app.listen(0, "127.0.0.1"));
    try {
      const { headers } = await fetch(`${origin}/admin`, { method: "POST" });
      const names = headers.getSetCookie().map((cookie) => cookie.split("=")[0]);
      assert.deepEqual(names.toSorted(), ["__Host-session", "__Host-staff"]);
      assert.equal(headers.get("vary"), "Cookie");
    } finally {
      await close();
    }
  });

  test("guards and accessors without the middleware say what is missing", () => {
    assert.throws(() => authOf({} as never), /app\.use\(coatcheck\(sessions\)\)/);
  });
});
