/** Our sessions on Express, and none. */
import type { SessionManager } from "coatcheck";
import { answerProblems, authOf, coatcheck, requireSession, sessionOf } from "coatcheck/express";
import type { ExpressApplication } from "../frameworks/express.ts";
import { gate } from "../gate.ts";
import { signInData } from "../population.ts";
import type { Way } from "./open.ts";
import { ticketOfNobody } from "./ticket.ts";

const bare: ExpressApplication = {
  me: (_req, res) => void res.json({ userId: "user-0000" }),
  signIn: (req, res) => void res.append("Set-Cookie", ticketOfNobody(req.get("X-User")!)).json({}),
  slow: (_req, res) => void res.json({}),
  signOut: (_req, res) => void res.json({}),
};

function guarded(sessions: SessionManager): ExpressApplication {
  return {
    install: (app) => app.use(coatcheck(sessions, { trustedProxies: ["127.0.0.1"] })),
    finish: (app) => app.use(answerProblems()),
    guard: requireSession(),
    me: (req, res) => void res.json({ userId: sessionOf(req).userId }),
    async signIn(req, res) {
      await authOf(req).login(req.get("X-User")!, { data: signInData });
      res.json({});
    },
    async slow(req, res) {
      await authOf(req).session();
      await gate.pass();
      await authOf(req).update({ visits: 8 });
      res.json({});
    },
    async signOut(req, res) {
      await authOf(req).logout();
      res.json({});
    },
    async signOutEverywhere(req, res) {
      const session = await authOf(req).session();
      await sessions.revokeAll(session!.userId);
      res.json({});
    },
  };
}

/** What may stand before the route. */
export const ways: Readonly<Record<Way, (sessions: SessionManager) => ExpressApplication>> = {
  bare: () => bare,
  empty: () => ({ ...bare, install: (app) => app.use((_req, _res, next) => next()) }),
  ignored: (sessions) => ({ ...guarded(sessions), guard: undefined, me: bare.me }),
  guarded,
};
