/** iron-session on Express and on Fastify: the session is in its cookie. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { getIronSession, type IronSession } from "iron-session";
import type { Opened } from "../application.ts";
import { type ExpressApplication, serveExpress } from "../frameworks/express.ts";
import { type FastifyApplication, serveFastify } from "../frameworks/fastify.ts";
import { gate } from "../gate.ts";
import { signInData } from "../population.ts";
import type { FrameworkName } from "../routes.ts";
import { cookie, cookieName, halfAnHour, secret } from "./settings.ts";

interface Data {
  userId?: string;
  visits?: number;
}

const options = { password: secret, cookieName, ttl: halfAnHour.seconds, cookieOptions: cookie };

export async function open(on: FrameworkName): Promise<Opened> {
  const serve = on === "express" ? () => serveExpress(onExpress) : () => serveFastify(onFastify);
  return { serve, size: () => 0 };
}

function sessionOf(request: IncomingMessage, response: ServerResponse): Promise<IronSession<Data>> {
  return getIronSession<Data>(request, response, options);
}

async function signIn(session: IronSession<Data>, userId: string): Promise<void> {
  Object.assign(session, { userId, ...signInData });
  await session.save();
}

async function passSlowly(session: IronSession<Data>): Promise<void> {
  await gate.pass();
  session.visits = 8;
  await session.save();
}

const onExpress: ExpressApplication = {
  async me(req, res) {
    const { userId } = await sessionOf(req, res);
    if (userId === undefined) res.status(401).json({});
    else res.json({ userId });
  },
  async signIn(req, res) {
    await signIn(await sessionOf(req, res), req.get("X-User")!);
    res.json({});
  },
  async slow(req, res) {
    await passSlowly(await sessionOf(req, res));
    res.json({});
  },
  async signOut(req, res) {
    (await sessionOf(req, res)).destroy();
    res.json({});
  },
};

const onFastify: FastifyApplication = {
  async me(request, reply) {
    const { userId } = await sessionOf(request.raw, reply.raw);
    if (userId === undefined) return reply.code(401).send({});
    return { userId };
  },
  async signIn(request, reply) {
    await signIn(await sessionOf(request.raw, reply.raw), String(request.headers["x-user"]));
    return {};
  },
  async slow(request, reply) {
    await passSlowly(await sessionOf(request.raw, reply.raw));
    return {};
  },
  async signOut(request, reply) {
    (await sessionOf(request.raw, reply.raw)).destroy();
    return {};
  },
};
