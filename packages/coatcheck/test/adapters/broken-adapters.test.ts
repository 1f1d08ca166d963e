import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { AdapterCases } from "../../src/testing/adapter/case.ts";
import { caching } from "../../src/testing/adapter/promises/caching.ts";
import { cookies } from "../../src/testing/adapter/promises/cookies.ts";
import { crossSite } from "../../src/testing/adapter/promises/cross-site.ts";
import { csrfToken } from "../../src/testing/adapter/promises/csrf-token.ts";
import { fingerprint } from "../../src/testing/adapter/promises/fingerprint.ts";
import { guards } from "../../src/testing/adapter/promises/guards.ts";
import { liveConnections } from "../../src/testing/adapter/promises/live-connections.ts";
import { network } from "../../src/testing/adapter/promises/network.ts";
import { outage } from "../../src/testing/adapter/promises/outage.ts";
import { remember } from "../../src/testing/adapter/promises/remember.ts";
import { renewal } from "../../src/testing/adapter/promises/renewal.ts";
import { sealed } from "../../src/testing/adapter/promises/sealed.ts";
import { secrecy } from "../../src/testing/adapter/promises/secrecy.ts";
import { signIn } from "../../src/testing/adapter/promises/sign-in.ts";
import { signOut } from "../../src/testing/adapter/promises/sign-out.ts";
import { onStage } from "../../src/testing/adapter/stage.ts";
import type { Application, Route, RouteRequest } from "../../src/testing/adapter-suite.ts";
import { applicationOn, type Handler, listen } from "./web-application.ts";

// Adapters that are wrong on purpose, each in one way: the suite must notice, by the promise that is broken.

interface BrokenAdapter {
  readonly breaks: AdapterCases;
  readonly promise: string;
  readonly build: (application: Application) => Handler;
}

const brokenAdapters: Readonly<Record<string, BrokenAdapter>> = {
  "forgets the cookie": {
    breaks: signIn,
    promise: "a sign-in sets one cookie with exactly the default attributes",
    build: answering((response) => without(response, "set-cookie")),
  },
  "lets caches keep the cookie": {
    breaks: signIn,
    promise: "an answer with the cookie is kept by no cache (CVE-2023-30861)",
    build: answering((response) => without(response, "cache-control")),
  },
  "does not learn when a response has ended": {
    breaks: liveConnections,
    promise: "a session is watched no longer than the response lasts",
    build: (application) => {
      const handle = applicationOn(application);
      return (request, connection) => handle(new Request(request, { signal: null }), connection);
    },
  },
  "does not vary by the cookie": {
    breaks: signIn,
    promise: "an answer with the cookie is kept by no cache (CVE-2023-30861)",
    build: answering((response) => without(response, "vary")),
  },
  "lets caches keep what one person saw": {
    breaks: caching,
    promise:
      "an answer to whoever is signed in is kept by no cache, and varies by the cookie (CVE-2026-27205)",
    build: answering((response) =>
      response.headers.has("set-cookie") ? response : without(response, "cache-control"),
    ),
  },
  "gives visitors' pages to whoever is signed in": {
    breaks: caching,
    promise: "an answer that looked for a session and found none varies by the cookie (CVE-2026-27205)",
    build: answering((response) => without(response, "vary")),
  },
  "knows better than the handler what may be kept": {
    breaks: caching,
    promise: "a handler that says how its answer is kept is believed",
    build: answering((response) => {
      response.headers.set("cache-control", "no-store");
      return response;
    }),
  },
  "varies by the cookie alone": {
    breaks: caching,
    promise: "what a handler says that its answer varies by is kept, and nothing is said twice",
    build: answering((response) => {
      response.headers.set("vary", "cookie");
      return response;
    }),
  },
  "says the same twice": {
    breaks: caching,
    promise: "what a handler says that its answer varies by is kept, and nothing is said twice",
    build: answering((response) => withHeader(response, "vary", "Cookie")),
  },
  "replaces the handler's cookies by its own": {
    breaks: renewal,
    promise: "a handler keeps its own cookies and headers beside the successor",
    build: answering((response) => {
      const last = response.headers.getSetCookie().at(-1);
      return last === undefined ? response : withHeader(without(response, "set-cookie"), "set-cookie", last);
    }),
  },
  "sets the cookie twice": {
    breaks: signOut,
    promise: "renewal, sign-in and sign-out in one request set one cookie, the last",
    build: answering((response) => {
      const [cookie] = response.headers.getSetCookie();
      return cookie === undefined ? response : withHeader(response, "set-cookie", cookie);
    }),
  },
  "clears the cookie of whoever is refused": {
    breaks: signOut,
    promise: "a late 401 clears no cookie",
    build: answering((response) =>
      response.status === 401
        ? withHeader(response, "set-cookie", "__Host-session=; Max-Age=0; Path=/; Secure")
        : response,
    ),
  },
  "takes an outage for a sign-out": {
    breaks: outage,
    promise: "while the store is down, guarded routes say 503 and keep the cookie",
    build: answering((response) =>
      response.status === 503 ? new Response("{}", { status: 401 }) : response,
    ),
  },
  "takes an outage for nobody": {
    breaks: outage,
    promise: "while the store is down, a route that asks for the session gets 503, not nobody",
    build: answering((response) => (response.status === 503 ? Response.json({ userId: null }) : response)),
  },
  "does not look where a request comes from": {
    breaks: crossSite,
    promise: "an unsafe request passes from the own origin or from no browser, and from nowhere else",
    build: seeing((request) => without(without(request, "sec-fetch-site"), "origin")),
  },
  "takes the first of two cookies": {
    breaks: cookies,
    promise: "two cookies of the name count as none, and are reported (RFC 10025 §4.2.2)",
    build: seeing((request) => rewritten(request, "cookie", (text) => text.split(";")[0]!)),
  },
  "finds the cookie by a name of another spelling": {
    breaks: cookies,
    promise: "a cookie of another spelling is not ours, whoever tossed it (CVE-2026-39410)",
    build: seeing((request) => rewritten(request, "cookie", (text) => text.replace(/__host-/i, "__Host-"))),
  },
  "does not seal": {
    breaks: sealed,
    promise: "what was not sealed here for this cookie is refused before the store is asked (CVE-2026-39324)",
    build: (application) =>
      applicationOn({ ...application, options: { ...application.options, seal: false } }),
  },
  "believes every proxy": {
    breaks: network,
    promise: "the client is the peer, whatever a header says",
    build: (application) =>
      applicationOn({ ...application, options: { ...application.options, trustedProxies: ["loopback"] } }),
  },
  "does not know its peer": {
    breaks: network,
    promise: "behind a declared proxy the client is the one it names",
    build: (application) => {
      const handle = applicationOn(application);
      return (request) => handle(request, {});
    },
  },
  "does not know its browser": {
    breaks: fingerprint,
    promise: "under revoke a copied cookie ends the session, and both browsers are told why",
    build: seeing((request) => without(request, "user-agent")),
  },
  "gives a remembered browser one cookie of two": {
    breaks: remember,
    promise: "a remembered browser comes back in the request that demands a session",
    build: answering((response) => {
      const [first, second] = response.headers.getSetCookie();
      return first && second ? withHeader(without(response, "set-cookie"), "set-cookie", first) : response;
    }),
  },
  "lets late answers carry cookies": {
    breaks: remember,
    promise: "a slow answer to a remembered browser does not overwrite the cookies of a newer sign-in",
    build: routing((answer) => (request) => {
      request.auth.settle = () => undefined;
      return answer(request);
    }),
  },
  "asks for the session of every request": {
    breaks: guards,
    promise: "a request that ignores its session costs no store call",
    build: routing((answer) => async (request) => {
      await request.auth.session();
      return answer(request);
    }),
  },
  "answers problems in its own words only": {
    breaks: guards,
    promise: "the application can answer every problem in its own words",
    build: ({ options: { onProblem: _, ...options }, ...application }) =>
      applicationOn({ ...application, options }),
  },
  "loses the cookie when the handler fails": {
    breaks: guards,
    promise: "an error of the handler keeps its status, and the cookie that was earned before it",
    build: answering((response) => (response.status === 418 ? without(response, "set-cookie") : response)),
  },
  "takes the body from the handler": {
    breaks: csrfToken,
    promise: "a form carries the token in a field, and its handler still reads the others",
    build: routing((answer) => (request) => answer({ ...request, field: async () => undefined })),
  },
  "tells the token": {
    breaks: secrecy,
    promise: "no answer, event or warning holds a secret, whatever happens",
    build: answering((response) => {
      const [cookie] = response.headers.getSetCookie();
      return cookie === undefined ? response : withHeader(response, "x-session", cookie.split(/[=;]/)[1]!);
    }),
  },
};

describe("An adapter that", () => {
  for (const [what, { breaks, promise, build }] of Object.entries(brokenAdapters)) {
    const prove = breaks[promise]!;
    test(`${what} breaks "${promise}"`, async () => {
      const serve = (application: Application) => listen(build(application));
      await assert.rejects(
        prove((play, options = {}) => onStage(serve, options, play)),
        assert.AssertionError,
      );
    });
  }
});

function answering(change: (response: Response) => Response): BrokenAdapter["build"] {
  return (application) => {
    const handle = applicationOn(application);
    return async (request, connection) => change(await handle(request, connection));
  };
}

function seeing(change: (request: Request) => Request): BrokenAdapter["build"] {
  return (application) => {
    const handle = applicationOn(application);
    return (request, connection) => handle(change(request), connection);
  };
}

function routing(change: (answer: Route["answer"]) => (request: RouteRequest) => Promise<object>) {
  return (application: Application): Handler =>
    applicationOn({
      ...application,
      routes: application.routes.map((route) => ({ ...route, answer: change(route.answer) })),
    });
}

function without<T extends Request | Response>(message: T, name: string): T {
  message.headers.delete(name);
  return message;
}

function withHeader(response: Response, name: string, value: string): Response {
  response.headers.append(name, value);
  return response;
}

function rewritten(request: Request, name: string, change: (text: string) => string): Request {
  const text = request.headers.get(name);
  if (text !== null) request.headers.set(name, change(text));
  return request;
}
