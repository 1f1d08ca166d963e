/** The small application that every adapter is tested with, as data: an adapter's test puts it on its framework. */
import { houseOf } from "../../core/manager.ts";
import type { Session } from "../../core/session.ts";
import type { RequestAuth } from "../../http/request-auth.ts";
import type { Gate } from "./gate.ts";

/** One route of the application. */
export interface Route {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly path: string;
  /** What stands before the handler, to be made with the adapter's own guards. Without it, nothing does. */
  readonly guard?: RouteGuard;
  /** Headers that the handler sets before anything else, the way the framework lets it. */
  readonly headers?: Readonly<Record<string, string>>;
  /**
   * The handler: answer 200 with what it returns as JSON. What it throws is for the framework's own error handling,
   * which answers with the error's `status` if it has one.
   */
  answer(request: RouteRequest): Promise<object>;
}

/** What a guard demands. */
export type RouteGuard =
  | { readonly demand: "session" }
  | { readonly demand: "recent"; readonly within: number }
  | { readonly demand: "where"; readonly predicate: (session: Session) => boolean }
  | { readonly demand: "csrf-token" };

/** A request as handlers of the framework see it. */
export interface RouteRequest {
  readonly auth: RequestAuth;
  /** What the guard put before the handler; undefined without a guard. */
  readonly session: Session | undefined;
  /** A parameter of the query string. */
  query(name: string): string | undefined;
  /** A field of a form, urlencoded or multipart. */
  field(name: string): Promise<unknown>;
  /** The body, parsed as JSON. */
  json(): Promise<unknown>;
}

/** An error that is not the library's, with the status that the framework answers. */
export class RouteError extends Error {
  readonly status: number;

  constructor(status: number) {
    super(`The handler failed with ${status}`);
    this.status = status;
  }
}

/** How long a sign-in counts as recent on `/recent`. */
export const recently: number = 10 * 60_000;

export function routes(gate: Gate): readonly Route[] {
  const methods = ["GET", "POST", "PUT", "PATCH", "DELETE"] as const;
  return [
    { method: "GET", path: "/public", answer: async () => ({ welcome: true }) },
    { method: "GET", path: "/maybe", answer: maybe },
    { method: "GET", path: "/own-headers", headers: ownHeaders, answer: maybe },
    { method: "GET", path: "/own-headers-guarded", guard: inSession, headers: ownHeaders, answer: me },
    { method: "GET", path: "/vary-cookie", headers: { vary: "Origin, Cookie" }, answer: maybe },
    { method: "GET", path: "/vary-everything", headers: { vary: "*" }, answer: maybe },
    ...methods.map((method) => ({ method, path: "/me", guard: inSession, answer: me }) as const),
    { method: "GET", path: "/recent", guard: { demand: "recent", within: recently }, answer: me },
    { method: "GET", path: "/admin", guard: { demand: "where", predicate: isAdministrator }, answer: me },
    { method: "GET", path: "/form", guard: { demand: "csrf-token" }, answer: me },
    { method: "POST", path: "/form", guard: { demand: "csrf-token" }, answer: form },
    { method: "POST", path: "/json", guard: inSession, answer: json },
    { method: "GET", path: "/csrf", answer: async ({ auth }) => ({ csrfToken: await auth.csrfToken() }) },
    { method: "POST", path: "/do", answer: (request) => perform(request, gate) },
  ];
}

const inSession: RouteGuard = { demand: "session" };

const ownHeaders = {
  "cache-control": "public, max-age=60",
  vary: "accept-encoding",
  "set-cookie": "theme=dark",
};

async function maybe({ auth }: RouteRequest): Promise<object> {
  const first = await auth.session();
  const again = await auth.session();
  return { userId: first?.userId ?? null, same: first === again };
}

async function me({ session }: RouteRequest): Promise<object> {
  return { userId: session!.userId, data: session!.data };
}

function isAdministrator(session: Session): boolean {
  return session.userId === "admin";
}

async function form({ field }: RouteRequest): Promise<object> {
  return { note: await field("note") };
}

async function json({ json }: RouteRequest): Promise<object> {
  return { received: await json() };
}

/** `POST /do?verbs=ask,wait,renew` asks for the session, waits at the gate and renews, all in one request. */
async function perform({ auth, query }: RouteRequest, gate: Gate): Promise<object> {
  const results: unknown[] = [];
  for (const text of query("verbs")!.split(",")) {
    const [verb, argument = "ada"] = text.split(":");
    results.push((await verbs[verb!]!(auth, argument, gate)) ?? null);
  }
  return { results };
}

type Verb = (auth: RequestAuth, argument: string, gate: Gate) => Promise<unknown>;

const verbs: Readonly<Record<string, Verb>> = {
  ask: async (auth) => (await auth.session())?.userId,
  attempt: (auth, account) => auth.attempt(account),
  login: async (auth, userId) => (await auth.login(userId, { data: { theme: "dark" } })).userId,
  "login-remembered": async (auth, userId) => (await auth.login(userId, { amr: ["remember"] })).userId,
  remember: async (auth, userId) => (await auth.login(userId, { remember: true })).userId,
  "login-outdated": (auth, userId) => auth.login(userId, { stillValid: () => false }),
  logout: (auth) => auth.logout(),
  renew: (auth) => auth.renew(),
  reauthenticate: async (auth) => (await auth.reauthenticate()).userId,
  update: async (auth) => auth.sessions.update((await auth.session())!.id, { seen: true }),
  set: async (auth, key) => (await auth.update({ [key]: true })).data,
  data: async (auth) => (await auth.session())?.data,
  carry: async (auth, key) => auth.carry({ [key]: [`of the visitor's ${key}`] }),
  "carry-much": async (auth, key) => auth.carry({ [key]: "x".repeat(2_048) }),
  drop: async (auth, key) => auth.carry({ [key]: undefined }),
  carried: async (auth) => auth.carried(),
  flash: (auth, name) => auth.flash(name, `The ${name}`),
  pop: (auth, name) => auth.pop(name),
  locked: async (auth) => (await auth.lockedSession())?.userId,
  touch: async (auth) => auth.sessions.touch((await auth.session())!),
  "until-ended": async (auth, _argument, gate) => {
    const { signal } = (await auth.session())!;
    void gate.pass();
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    return signal.reason.reason;
  },
  watch: async (auth) => {
    const session = await auth.session();
    return session?.signal.aborted === false ? houseOf(auth.sessions).watched.size : undefined;
  },
  wait: (_auth, _argument, gate) => gate.pass(),
  fail: async (_auth, status) => {
    throw new RouteError(Number(status));
  },
};
