/** @fastify/secure-session: the session is in its cookie. */
import { randomBytes } from "node:crypto";
import secureSession, { type Session } from "@fastify/secure-session";
import type { FastifyRequest } from "fastify";
import type { Opened } from "../application.ts";
import { type FastifyApplication, serveFastify } from "../frameworks/fastify.ts";
import { gate } from "../gate.ts";
import { signInData } from "../population.ts";
import { cookie, cookieName, halfAnHour } from "./settings.ts";

export async function open(): Promise<Opened> {
  return { serve: () => serveFastify(application), size: () => 0 };
}

const application: FastifyApplication = {
  install: (app) =>
    app.register(secureSession, { key: randomBytes(32), cookieName, cookie, expiry: halfAnHour.seconds }),
  async me(request, reply) {
    const userId = sessionOf(request).get("userId");
    if (userId === undefined) return reply.code(401).send({});
    return { userId };
  },
  async signIn(request) {
    const session = sessionOf(request);
    session.regenerate();
    session.set("userId", request.headers["x-user"]);
    for (const [name, value] of Object.entries(signInData)) session.set(name, value);
    return {};
  },
  async slow(request) {
    sessionOf(request).get("userId");
    await gate.pass();
    sessionOf(request).set("visits", 8);
    return {};
  },
  async signOut(request) {
    sessionOf(request).delete();
    return {};
  },
};

type AnySession = Session<Record<string, unknown>>;

function sessionOf(request: FastifyRequest): AnySession {
  return request.session as unknown as AnySession;
}
