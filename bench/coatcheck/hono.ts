/** Our sessions on Hono, and none. */
import { NotSignedInError, type SessionManager } from "coatcheck";
import { type AuthVariables, coatcheck, requireSession, type SessionVariables } from "coatcheck/hono";
import type { HonoApplication } from "../frameworks/hono.ts";
import { gate } from "../gate.ts";
import { signInData } from "../population.ts";
import type { Way } from "./open.ts";
import { ticketOfNobody } from "./ticket.ts";

type Application = HonoApplication<{ Variables: AuthVariables & SessionVariables }>;

const bare: Application = {
  me: (c) => c.json({ userId: "user-0000" }),
  signIn: (c) => c.json({}, 200, { "Set-Cookie": ticketOfNobody(c.req.header("X-User")!) }),
  slow: (c) => c.json({}),
  signOut: (c) => c.json({}),
};

function guarded(sessions: SessionManager): Application {
  return {
    install: (app) => app.use(coatcheck(sessions, { trustedProxies: ["127.0.0.1"] })),
    finish: (app) =>
      app.onError((error, c) => {
        if (!(error instanceof NotSignedInError)) console.error(error);
        return c.json({}, 500);
      }),
    guard: requireSession() as unknown as Application["guard"],
    me: (c) => c.json({ userId: c.var.session.userId }),
    async signIn(c) {
      await c.var.auth.login(c.req.header("X-User")!, { data: signInData });
      return c.json({});
    },
    async slow(c) {
      await c.var.auth.session();
      await gate.pass();
      await c.var.auth.update({ visits: 8 });
      return c.json({});
    },
    async signOut(c) {
      await c.var.auth.logout();
      return c.json({});
    },
    async signOutEverywhere(c) {
      const session = await c.var.auth.session();
      await sessions.revokeAll(session!.userId);
      return c.json({});
    },
  };
}

/** What may stand before the route. */
export const ways: Readonly<Record<Way, (sessions: SessionManager) => Application>> = {
  bare: () => bare,
  empty: () => ({ ...bare, install: (app) => app.use(async (_c, next) => next()) }),
  ignored: (sessions) => ({ ...guarded(sessions), guard: undefined, me: bare.me }),
  guarded,
};
