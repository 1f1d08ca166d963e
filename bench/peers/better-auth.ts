/** better-auth on SQLite, with and without its cookie cache. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type BetterAuthOptions, betterAuth } from "better-auth";
import { isAPIError } from "better-auth/api";
import { getMigrations } from "better-auth/db/migration";
import { fromNodeHeaders } from "better-auth/node";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Context } from "hono";
import type { Opened } from "../application.ts";
import { callsOfSqlite } from "../call-counter.ts";
import { type FastifyApplication, serveFastify } from "../frameworks/fastify.ts";
import { type HonoApplication, serveHono } from "../frameworks/hono.ts";
import { gate } from "../gate.ts";
import { signInData, userId } from "../population.ts";
import type { FrameworkName } from "../routes.ts";
import type { Place } from "../stores.ts";
import { secret } from "./settings.ts";

export interface Options {
  readonly cookieCache: boolean;
}

export async function open(on: FrameworkName, { cookieCache }: Options, { folder }: Place): Promise<Opened> {
  mkdirSync(folder, { recursive: true });
  const database = new DatabaseSync(join(folder, "auth.db"));
  database.exec("PRAGMA journal_mode = WAL");
  const settings = settingsFor(database, cookieCache);
  await (await getMigrations(settings)).runMigrations();
  const guard = guardOf(settings);
  return {
    serve: () => (on === "hono" ? serveHono(onHono(guard)) : serveFastify(onFastify(guard))),
    calls: callsOfSqlite(),
    size() {
      const [{ bytes }] = database
        .prepare("SELECT page_count * page_size AS bytes FROM pragma_page_count, pragma_page_size")
        .all() as [{ bytes: number }];
      return bytes;
    },
    register: (people) => guard.register(people),
  };
}

function settingsFor(database: DatabaseSync, cookieCache: boolean) {
  return {
    database,
    secret,
    baseURL: "https://app.example.com",
    telemetry: { enabled: false },
    emailAndPassword: {
      enabled: true,
      autoSignIn: false,
      // Its scrypt is no part of what is measured, and takes a tenth of a second for each account.
      password: {
        hash: async (password) => password,
        verify: async ({ hash, password }) => hash === password,
      },
    },
    session: {
      cookieCache: { enabled: cookieCache, maxAge: 300 },
      additionalFields: {
        theme: { type: "string", defaultValue: String(signInData.theme) },
        visits: { type: "number", defaultValue: Number(signInData.visits) },
      },
    },
  } satisfies BetterAuthOptions;
}

const password = "tea kettle upstairs window";
const emailOf = (user: string) => `${user}@example.com`;

type Guard = ReturnType<typeof guardOf>;

/** Its API, without a framework. */
function guardOf(settings: ReturnType<typeof settingsFor>) {
  const { api } = betterAuth(settings);
  return {
    async register(people: number): Promise<void> {
      for (let person = 0; person < people; person++) {
        const name = userId(person);
        await api.signUpEmail({ body: { name, email: emailOf(name), password } });
      }
    },
    async userId(headers: Headers): Promise<string | undefined> {
      return (await api.getSession({ headers }))?.user.name;
    },
    async signIn(user: string, headers: Headers): Promise<string[]> {
      const body = { email: emailOf(user), password };
      return (await api.signInEmail({ body, headers, returnHeaders: true })).headers.getSetCookie();
    },
    async passSlowly(headers: Headers): Promise<string[]> {
      await api.getSession({ headers });
      await gate.pass();
      const updated = api.updateSession({ body: { visits: 8 }, headers, returnHeaders: true });
      return updated.then(
        (answer) => answer.headers.getSetCookie(),
        (error) => (isAPIError(error) && error.statusCode === 401 ? [] : Promise.reject(error)),
      );
    },
    async signOut(headers: Headers): Promise<string[]> {
      return (await api.signOut({ headers, returnHeaders: true })).headers.getSetCookie();
    },
    async signOutEverywhere(headers: Headers): Promise<string[]> {
      return (await api.revokeSessions({ headers, returnHeaders: true })).headers.getSetCookie();
    },
  };
}

function onHono(guard: Guard): HonoApplication {
  const sent = (c: Context, cookies: readonly string[]) => {
    for (const cookie of cookies) c.header("Set-Cookie", cookie, { append: true });
    return c.json({});
  };
  return {
    async me(c) {
      const userId = await guard.userId(c.req.raw.headers);
      return userId === undefined ? c.json({}, 401) : c.json({ userId });
    },
    signIn: async (c) => sent(c, await guard.signIn(c.req.header("X-User")!, c.req.raw.headers)),
    slow: async (c) => sent(c, await guard.passSlowly(c.req.raw.headers)),
    signOut: async (c) => sent(c, await guard.signOut(c.req.raw.headers)),
    signOutEverywhere: async (c) => sent(c, await guard.signOutEverywhere(c.req.raw.headers)),
  };
}

function onFastify(guard: Guard): FastifyApplication {
  const headersOf = (request: FastifyRequest) => fromNodeHeaders(request.headers);
  const sent = (reply: FastifyReply, cookies: readonly string[]) =>
    reply.header("Set-Cookie", [...cookies]).send({});
  return {
    async me(request, reply) {
      const userId = await guard.userId(headersOf(request));
      if (userId === undefined) return reply.code(401).send({});
      return { userId };
    },
    signIn: async (request, reply) =>
      sent(reply, await guard.signIn(String(request.headers["x-user"]), headersOf(request))),
    slow: async (request, reply) => sent(reply, await guard.passSlowly(headersOf(request))),
    signOut: async (request, reply) => sent(reply, await guard.signOut(headersOf(request))),
    signOutEverywhere: async (request, reply) =>
      sent(reply, await guard.signOutEverywhere(headersOf(request))),
  };
}
