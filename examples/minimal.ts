/**
 * The smallest complete program: one user, sessions of 30 minutes in memory, sign-in, a protected route, sign-out.
 *
 *     API_USERNAME=admin API_PASSWORD='correct horse' npm run example:minimal
 *
 *     curl -c jar --json '{"username":"admin","password":"correct horse"}' localhost:3000/login
 *     curl -b jar localhost:3000/protected
 *     curl -b jar -c jar -X POST localhost:3000/logout        # here
 *     curl -b jar -c jar -X POST localhost:3000/logout/all    # everywhere
 */
import { hash, randomBytes, timingSafeEqual } from "node:crypto";
import { serve } from "@hono/node-server";
import { problemHeaders, SessionManager } from "coatcheck";
import { coatcheck, requireSession } from "coatcheck/hono";
import { MemorySessionStore } from "coatcheck/memory";
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";

// One user. Without API_PASSWORD a password is made up: there is none that everybody knows.
const username = process.env.API_USERNAME || "admin";
const password = process.env.API_PASSWORD || randomBytes(12).toString("base64url");

const halfAnHour = 30 * 60_000;

const sessions = new SessionManager({
  store: new MemorySessionStore(),
  policy: { idleTimeout: halfAnHour, absoluteTimeout: halfAnHour },
});

const app = new Hono().use(
  coatcheck(sessions, {
    cookie: { name: "session_token", persistent: true },
    insecureCookieForLocalhost: true,
    onProblem: (problem) =>
      Response.json(
        { detail: problem.status === 401 ? "Invalid session or session expired" : problem.title },
        {
          status: problem.status,
          headers: { ...problemHeaders(problem), "content-type": "application/json" },
        },
      ),
  }),
);

const smallBody = bodyLimit({
  maxSize: 10_000,
  onError: (c) => c.json({ detail: "Request body too large" }, 413, { connection: "close" }),
});

app.post("/login", smallBody, async (c) => {
  const body: unknown = await c.req.json().catch(() => undefined);
  if (!isCredentials(body)) return c.json({ detail: whatIsWrongWith(body) }, 422);
  if (!areRight(body)) return c.json({ detail: "Invalid credentials" }, 401);
  await c.var.auth.login(username);
  return c.json({ username, message: "Login successful" });
});

app.get("/protected", requireSession(), (c) =>
  c.json({
    message: "This is a protected route",
    data: "secret information accessible with cookie",
    authenticated_user: c.var.session.userId,
  }),
);

app.post("/logout", async (c) => {
  await c.var.auth.logout();
  return c.json({ message: "Logout successful" });
});

app.post("/logout/all", requireSession(), async (c) => {
  const ended = await sessions.revokeAll(c.var.session.userId, { reason: "logout" });
  await c.var.auth.logout();
  return c.json({ message: "Logout successful", sessions: ended });
});

interface Credentials {
  username: string;
  password: string;
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
  return ["username", "password"].flatMap((name) => {
    if (!given.has(name)) return [{ loc: ["body", name], msg: "Field required", type: "missing" }];
    if (typeof given.get(name) === "string") return [];
    return [{ loc: ["body", name], msg: "Input should be a valid string", type: "string_type" }];
  });
}

/** Looks at both, whatever the first says: the time tells nobody which of them was wrong. */
function areRight(given: Credentials): boolean {
  const [rightName, rightPassword] = [isSame(given.username, username), isSame(given.password, password)];
  return rightName && rightPassword;
}

/** Hashes are of one length, which a comparison in constant time needs. */
function isSame(given: string, expected: string): boolean {
  return timingSafeEqual(hash("sha256", given, "buffer"), hash("sha256", expected, "buffer"));
}

const server = serve(
  { fetch: app.fetch, hostname: "127.0.0.1", port: Number(process.env.PORT || 3000) },
  ({ port }) => {
    console.log(`Listening on http://localhost:${port}`);
    const source = process.env.API_PASSWORD
      ? "in API_PASSWORD"
      : `${password} (made up: set API_PASSWORD to choose it)`;
    console.log(`Sign in as ${username} with the password ${source}`);
  },
);

for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => server.close());
