/**
 * A complete program: two users with roles, sessions of one hour in a store of your choice, at most three of them a
 * user, sign-in, sign-out, and a route that demands a CSRF token.
 *
 *     ADMIN_PASSWORD='correct horse' npm run example:complete
 *
 *     curl -c jar --json '{"email":"admin@example.com","password":"correct horse"}' localhost:3000/auth/login/session
 *     curl -b jar localhost:3000/auth/session
 *     curl -b jar localhost:3000/auth/csrf
 *     curl -b jar -X POST -H 'X-CSRF-Token: …' localhost:3000/api/transfer
 *     curl -b jar -c jar -X POST localhost:3000/auth/logout/session
 *
 * Environment: PORT, ADMIN_PASSWORD, USER_PASSWORD; KEYS, as `coatcheck-server keys generate` prints them, to seal the
 * cookies; STORE, one of memory (default), sqlite, redis, postgres; and
 * where that is: SQLITE_FILE, REDIS_URL, DATABASE_URL.
 */
import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import { serve } from "@hono/node-server";
import {
  type AuditStore,
  NotSignedInError,
  type Problem,
  problemHeaders,
  SessionManager,
  type SessionStore,
  startAudit,
  startUpkeep,
} from "coatcheck";
import { type AuthVariables, coatcheck, requireCsrfToken, requireSession } from "coatcheck/hono";
import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";

// ── Stores ─────────────────────────────────────────────────────────────────────────────────────────────────────────

interface OpenStore {
  readonly store: SessionStore & { readonly audit?: AuditStore };
  close?(): unknown;
}

/** Only the store that was chosen is loaded, and only its client need be installed. */
const stores: Readonly<Record<string, () => Promise<OpenStore>>> = {
  async memory() {
    const { MemorySessionStore } = await import("coatcheck/memory");
    return { store: new MemorySessionStore() };
  },

  async sqlite() {
    const { SqliteSessionStore } = await import("coatcheck/sqlite");
    const store = new SqliteSessionStore(process.env.SQLITE_FILE || "data/complete.db");
    return { store, close: () => store.close() };
  },

  async redis() {
    const { createClient } = await import("redis");
    const { RedisSessionStore } = await import("coatcheck/redis");
    const client = createClient({ url: process.env.REDIS_URL || "redis://localhost:6379" });
    client.on("error", (error: Error) => console.error(`Redis: ${error.message}`));
    // Not awaited: it goes on trying, now as after an outage. Whether it has come through is asked below.
    client.connect().catch(() => {});
    return { store: new RedisSessionStore(client), close: () => client.destroy() };
  },

  async postgres() {
    const { Pool } = await import("pg");
    const { PostgresSessionStore } = await import("coatcheck/postgres");
    const connectionString = process.env.DATABASE_URL || "postgres://localhost:5432/postgres";
    const pool = new Pool({ connectionString, connectionTimeoutMillis: 2_000 });
    pool.on("error", (error) => console.error(`PostgreSQL: ${error.message}`));
    const store = new PostgresSessionStore(pool);
    await store.migrate();
    return { store, close: () => pool.end() };
  },
};

const storeName = process.env.STORE || "memory";
if (!Object.hasOwn(stores, storeName)) {
  exit(`STORE is ${JSON.stringify(storeName)}. It must be one of: ${Object.keys(stores).join(", ")}`);
}
const { store, close } = await stores[storeName]!().catch((error: Error) =>
  exit(`The ${storeName} store cannot be opened: ${error.message}`),
);

// ── Sessions ───────────────────────────────────────────────────────────────────────────────────────────────────────

const oneHour = 60 * 60_000;

const sessions = new SessionManager({
  store,
  policy: { idleTimeout: oneHour, absoluteTimeout: oneHour, maxSessions: 3, onLimit: "evict-oldest" },
});

const { problem } = await sessions.ready();
if (problem) exit(`The ${storeName} store is not ready: ${problem}`);
startUpkeep(sessions);

// Who signed in and out, from where and why, in the same database; Redis keeps no audit.
const audit = store.audit && startAudit(sessions, { store: store.audit });

// ── Users ──────────────────────────────────────────────────────────────────────────────────────────────────────────

interface User {
  /** Outlives a restart, as the sessions do that name it. */
  readonly id: string;
  readonly email: string;
  readonly roles: readonly string[];
  readonly password: HashedPassword;
}

interface HashedPassword {
  readonly salt: Buffer;
  readonly key: Buffer;
}

// Without a password in the environment one is made up: there is none that everybody knows.
const adminPassword = process.env.ADMIN_PASSWORD || madeUpPassword();
const userPassword = process.env.USER_PASSWORD || madeUpPassword();

const users: readonly User[] = [
  { id: "1", email: "admin@example.com", roles: ["admin", "user"], password: await hashed(adminPassword) },
  { id: "2", email: "user@example.com", roles: ["user"], password: await hashed(userPassword) },
];

/** What an unknown email is compared with. No password has this key. */
const nobodysPassword: HashedPassword = { salt: randomBytes(16), key: randomBytes(32) };

// ── Routes ─────────────────────────────────────────────────────────────────────────────────────────────────────────

// With keys, cookies are sealed, and a browser that has signed in before is not locked out by somebody else's guesses.
const keys = process.env.KEYS?.split(",");

const app = new Hono().use(
  coatcheck(sessions, {
    insecureCookieForLocalhost: true,
    onProblem: answerProblem,
    ...(keys && { keys, seal: true }),
  }),
);

const smallBody = bodyLimit({
  maxSize: 10_000,
  onError: (c) => c.json({ detail: "Request body too large" }, 413, { connection: "close" }),
});

app.post("/auth/login/session", smallBody, async (c) => {
  const body: unknown = await c.req.json().catch(() => undefined);
  if (!isCredentials(body)) return c.json({ detail: whatIsWrongWith(body) }, 422);
  const tooMany = await c.var.auth.attempt(body.email);
  if (tooMany) return answerProblem(tooMany, c);
  const user = await userWithCredentials(body);
  if (!user) return c.json({ detail: "Invalid credentials" }, 401);
  await c.var.auth.login(user.id, { remember: body.remember === true });
  const { id, email, roles } = user;
  return c.json({ message: "Login successful", user: { id, email, roles } });
});

app.post("/auth/logout/session", async (c) => {
  await c.var.auth.logout();
  return c.json({ message: "Logout successful" });
});

app.get("/auth/session", requireSession(), (c) => {
  const { userId, createdAt, lastSeenAt, client } = c.var.session;
  const { email, roles } = userWithId(userId);
  const view = {
    user_id: userId,
    email,
    roles,
    created_at: new Date(createdAt),
    last_activity: new Date(lastSeenAt),
    ip_address: client.ip ?? null,
    user_agent: client.userAgent ?? null,
  };
  return c.json(view, 200, { "cache-control": "no-store" });
});

app.get("/auth/csrf", requireSession(), async (c) => {
  const token = await c.var.auth.csrfToken();
  return c.json({ csrf_token: token }, 200, { "cache-control": "no-store" });
});

app.post("/api/transfer", smallBody, requireCsrfToken(), (c) => c.json({ status: "success" }));

/** Every refusal of the library in the words of this API. */
async function answerProblem(problem: Problem, c: AuthContext): Promise<Response> {
  const { status, reason } = problem;
  const headers = new Headers(problemHeaders(problem));
  headers.set("content-type", "application/json");
  // Why the session ended, which the body of this API has no place for.
  if (reason) headers.set("www-authenticate", `Cookie realm="session", error="${reason}"`);
  return Response.json({ detail: await detailOf(problem, c) }, { status, headers });
}

type AuthContext = Context<{ Variables: AuthVariables<Record<string, unknown>> }>;

async function detailOf({ status, title }: Problem, c: AuthContext): Promise<string> {
  if (status !== 401) return title;
  const rejection = await c.var.auth.rejection();
  return rejection?.reason === "absent" ? "Not authenticated" : "Invalid session";
}

interface Credentials {
  email: string;
  password: string;
  /** Whether the browser may come back without the password. */
  remember?: boolean;
}

function isCredentials(body: unknown): body is Credentials {
  return whatIsWrongWith(body).length === 0;
}

/** Every fault at once, and where it is. */
function whatIsWrongWith(body: unknown): object[] {
  if (body === undefined) return [{ loc: ["body"], msg: "Malformed JSON", type: "json_invalid" }];
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    return [{ loc: ["body"], msg: "Input should be an object", type: "object_type" }];
  }
  const given = new Map<string, unknown>(Object.entries(body));
  const texts = ["email", "password"].flatMap((name) => {
    if (!given.has(name)) return [{ loc: ["body", name], msg: "Field required", type: "missing" }];
    if (typeof given.get(name) === "string") return [];
    return [{ loc: ["body", name], msg: "Input should be a valid string", type: "string_type" }];
  });
  if (["undefined", "boolean"].includes(typeof given.get("remember"))) return texts;
  return [...texts, { loc: ["body", "remember"], msg: "Input should be a valid boolean", type: "bool_type" }];
}

/** Works as long for an email that nobody has: the time does not tell which of the two was wrong. */
async function userWithCredentials({ email, password }: Credentials): Promise<User | undefined> {
  const user = users.find((user) => user.email === email.toLowerCase());
  const isRight = await isPassword(password, user?.password ?? nobodysPassword);
  return isRight ? user : undefined;
}

/** The user as they are now: what was true at sign-in may have changed since. */
function userWithId(id: string): User {
  const user = users.find((user) => user.id === id);
  if (!user) throw new NotSignedInError();
  return user;
}

// ── Passwords ──────────────────────────────────────────────────────────────────────────────────────────────────────

function madeUpPassword(): string {
  return randomBytes(12).toString("base64url");
}

async function hashed(password: string): Promise<HashedPassword> {
  const salt = randomBytes(16);
  return { salt, key: await keyOf(password, salt) };
}

async function isPassword(given: string, { salt, key }: HashedPassword): Promise<boolean> {
  return timingSafeEqual(await keyOf(given, salt), key);
}

/** A cost that OWASP recommends, and that needs little memory: 16 MB. */
function keyOf(password: string, salt: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password, salt, 32, { N: 2 ** 14, r: 8, p: 5 }, (error, key) => {
      if (error) reject(error);
      else resolve(key);
    });
  });
}

// ── The process ────────────────────────────────────────────────────────────────────────────────────────────────────

const server = serve(
  { fetch: app.fetch, hostname: "127.0.0.1", port: Number(process.env.PORT || 3000) },
  ({ port }) => {
    console.log(`Listening on http://localhost:${port}, sessions in ${storeName}`);
    tellPassword("admin@example.com", "ADMIN_PASSWORD", adminPassword);
    tellPassword("user@example.com", "USER_PASSWORD", userPassword);
  },
);

server.once("error", (error: Error) => exit(`It cannot serve: ${error.message}`));
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => server.close(end));

async function end(): Promise<void> {
  await sessions.close();
  await audit?.close();
  await close?.();
}

function tellPassword(email: string, variable: string, password: string): void {
  const source = process.env[variable]
    ? `in ${variable}`
    : `${password} (made up: set ${variable} to choose it)`;
  console.log(`Sign in as ${email} with the password ${source}`);
}

function exit(message: string): never {
  console.error(message);
  process.exit(1);
}
