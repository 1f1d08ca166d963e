/** @fastify/jwt with the token in a cookie, as its README has it. */
import fastifyCookie from "@fastify/cookie";
import fastifyJwt from "@fastify/jwt";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Opened } from "../application.ts";
import { type FastifyApplication, serveFastify } from "../frameworks/fastify.ts";
import { gate } from "../gate.ts";
import { signInData } from "../population.ts";
import { cookie, cookieName, halfAnHour, secret } from "./settings.ts";

interface Claims {
  readonly userId: string;
  readonly theme?: string;
  readonly visits?: number;
}

export async function open(): Promise<Opened> {
  return { serve: () => serveFastify(application), size: () => 0 };
}

const application: FastifyApplication = {
  async install(app) {
    await app.register(fastifyCookie);
    await app.register(fastifyJwt, {
      secret,
      cookie: { cookieName, signed: false },
      sign: { expiresIn: halfAnHour.milliseconds },
    });
  },
  guard: async (request: FastifyRequest) => {
    await request.jwtVerify();
  },
  me: async (request) => ({ userId: (request.user as Claims).userId }),
  async signIn(request, reply) {
    return issue(reply, { userId: String(request.headers["x-user"]), ...signInData });
  },
  async slow(request, reply) {
    const { userId, theme } = await request.jwtVerify<Required<Claims>>();
    await gate.pass();
    return issue(reply, { userId, theme, visits: 8 });
  },
  signOut: async (_request, reply) => reply.clearCookie(cookieName, cookie).send({}),
};

async function issue(reply: FastifyReply, claims: Claims): Promise<FastifyReply> {
  return reply.setCookie(cookieName, await reply.jwtSign(claims), cookie).send({});
}
