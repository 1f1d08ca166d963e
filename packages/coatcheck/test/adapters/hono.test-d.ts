/** What the compiler knows of an application on Hono. Nothing here runs: `npm run check` is the test. */
import { Hono } from "hono";
import * as z from "zod";
import {
  coatcheck,
  requireCsrfToken,
  requireRecentAuth,
  requireSession,
  requireSessionWhere,
} from "../../src/adapters/hono.ts";
import { SessionManager } from "../../src/core/manager.ts";
import type { Session } from "../../src/core/session.ts";
import type { RequestAuth } from "../../src/http/request-auth.ts";
import { MemorySessionStore } from "../../src/stores/memory.ts";

type Equals<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function assertType<_Holds extends true>(): void {}

interface Data {
  theme: "light" | "dark";
  cart: string[];
}

const store = new MemorySessionStore();
const schema = z.object({
  theme: z.enum(["light", "dark"]).default("light"),
  cart: z.array(z.string()).default([]),
});
const sessions = new SessionManager({ store, data: { schema } });
const app = new Hono().use(coatcheck(sessions));

// The manager's schema types what handlers see, without any declaration.
app.get("/auth", async (c) => {
  assertType<Equals<typeof c.var.auth, RequestAuth<Data>>>();
  const session = await c.var.auth.session();
  assertType<Equals<typeof session, Session<Data> | undefined>>();
  // @ts-expect-error: without a guard there may be no session
  session.userId;
  // @ts-expect-error: without a guard nothing puts the session there
  c.var.session;
  return c.text("");
});

app.post("/login", async (c) => {
  await c.var.auth.login("ada", { data: { theme: "dark" } });
  // @ts-expect-error: not a theme
  await c.var.auth.login("ada", { data: { theme: "blue" } });
  // @ts-expect-error: not in the schema
  await c.var.auth.login("ada", { data: { colour: "dark" } });
  // @ts-expect-error: whose session?
  await c.var.auth.login();
  return c.text("");
});

// Guards that are given the manager type the session by it; so do guards whose predicate says what it takes.
app.get("/typed", requireSession(sessions), async (c) => {
  assertType<Equals<typeof c.var.session, Session<Data>>>();
  assertType<Equals<typeof c.var.session.data, Data>>();
  assertType<Equals<typeof c.var.auth, RequestAuth<Data>>>();
  await sessions.update(c.var.session.id, { cart: [...c.var.session.data.cart, "umbrella"] });
  // @ts-expect-error: not in the schema
  c.var.session.data.colour;
  // @ts-expect-error: sessions are changed by the manager
  c.var.session.userId = "mallory";
  return c.text("");
});
app.get("/recent", requireRecentAuth(600_000, sessions), (c) => c.json(c.var.session.data.cart));
app.post("/form", requireCsrfToken(sessions), (c) => c.json(c.var.session.data.cart));
app.get(
  "/dark",
  requireSessionWhere((session: Session<Data>) => session.data.theme === "dark"),
  (c) => c.json(c.var.session.data.cart),
);

// Without the manager, data is of an unknown shape.
app.get("/untyped", requireSession(), (c) => {
  assertType<Equals<typeof c.var.session.data, Record<string, unknown>>>();
  // @ts-expect-error: unknown is not to be used as it is
  c.var.session.data.cart.length;
  return c.text(c.var.session.userId);
});

// @ts-expect-error: a duration is needed
requireRecentAuth();

// @ts-expect-error: only these two
coatcheck(sessions, { csrf: "off" });

// Without a schema, data is any JSON object.
new Hono().use(coatcheck(new SessionManager({ store }))).get("/", requireSession(), async (c) => {
  assertType<Equals<typeof c.var.auth, RequestAuth<Record<string, unknown>>>>();
  await c.var.auth.login("ada", { data: { anything: [1, 2] } });
  return c.text("");
});

// An application without the middleware has no auth.
new Hono().get("/", (c) => {
  // @ts-expect-error: app.use(coatcheck(sessions)) is missing
  c.var.auth;
  return c.text("");
});
