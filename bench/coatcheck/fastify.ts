/** Our sessions on Fastify, and none. */
import type { SessionManager } from "coatcheck";
import { authOf, coatcheck, requireSession, sessionOf } from "coatcheck/fastify";
import type { FastifyApplication } from "../frameworks/fastify.ts";
import { gate } from "../gate.ts";
import { signInData } from "../population.ts";
import type { Way } from "./open.ts";
import { ticketOfNobody } from "./ticket.ts";

const bare: FastifyApplication = {
  me: async () => ({ userId: "user-0000" }),
  signIn: async (request, reply) =>
    reply.header("Set-Cookie", ticketOfNobody(String(request.headers["x-user"]))).send({}),
  slow: async () => ({}),
  signOut: async () => ({}),
};

function guarded(sessions: SessionManager): FastifyApplication {
  return {
    install: (app) => app.register(coatcheck(sessions, { trustedProxies: ["127.0.0.1"] })),
    guard: requireSession(),
    me: async (request) => ({ userId: sessionOf(request).userId }),
    async signIn(request) {
      await authOf(request).login(String(request.headers["x-user"]), { data: signInData });
      return {};
    },
    async slow(request) {
      await authOf(request).session();
      await gate.pass();
      await authOf(request).update({ visits: 8 });
      return {};
    },
    async signOut(request) {
      await authOf(request).logout();
      return {};
    },
    async signOutEverywhere(request) {
      const session = await authOf(request).session();
      await sessions.revokeAll(session!.userId);
      return {};
    },
  };
}

/** What may stand before the route. */
export const ways: Readonly<Record<Way, (sessions: SessionManager) => FastifyApplication>> = {
  bare: () => bare,
  empty: () => ({ ...bare, install: (app) => app.addHook("onRequest", async () => {}) }),
  ignored: (sessions) => ({ ...guarded(sessions), guard: undefined, me: bare.me }),
  guarded,
};
