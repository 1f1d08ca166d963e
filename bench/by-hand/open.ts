/** Guards by hand before the measured route: what is left to gain. */
import type { FastifyRequest } from "fastify";
import type { Opened, Serving } from "../application.ts";
import { type ExpressApplication, serveExpress } from "../frameworks/express.ts";
import { type FastifyApplication, serveFastify } from "../frameworks/fastify.ts";
import { type HonoApplication, serveHono } from "../frameworks/hono.ts";
import { gate } from "../gate.ts";
import type { FrameworkName } from "../routes.ts";
import type { Place } from "../stores.ts";
import { findSession, forOne, signIn, signOut } from "./guard.ts";
import { type Keeping, type KeepingName, type Kept, keepings } from "./keeping.ts";

export interface ByHand {
  readonly keeping: KeepingName;
}

export async function open(
  framework: FrameworkName,
  { keeping: name }: ByHand,
  place: Place,
): Promise<Opened> {
  const keeping = await keepings[name](place);
  return {
    serve: () => serves[framework](keeping),
    calls: keeping.calls,
    ...(keeping.size && { size: keeping.size }),
  };
}

const serves: Readonly<Record<FrameworkName, (keeping: Keeping) => Promise<Serving>>> = {
  express: (keeping) => serveExpress(onExpress(keeping)),
  fastify: (keeping) => serveFastify(onFastify(keeping)),
  hono: (keeping) => serveHono(onHono(keeping)),
};

const session = Symbol("session");

function onFastify(keeping: Keeping): FastifyApplication {
  const cookies = (request: FastifyRequest) => request.raw.headers.cookie;
  return {
    guard(request, reply, done) {
      const admit = (found: Kept | undefined) => {
        if (!found) return void reply.code(401).send({});
        reply.header("Cache-Control", forOne["Cache-Control"]).header("Vary", forOne.Vary);
        Object.assign(request, { [session]: found });
        done();
      };
      const found = findSession(keeping, cookies(request));
      if (found instanceof Promise) found.then(admit).catch(done);
      else admit(found);
    },
    me: async (request) => ({ userId: (request as unknown as { [session]: Kept })[session].userId }),
    signIn: async (request, reply) =>
      reply.header("Set-Cookie", await signIn(keeping, String(request.headers["x-user"]))).send({}),
    async slow(request) {
      await findSession(keeping, cookies(request));
      await gate.pass();
      return {};
    },
    async signOut(request) {
      await signOut(keeping, cookies(request));
      return {};
    },
  };
}

function onExpress(keeping: Keeping): ExpressApplication {
  return {
    guard(req, res, next) {
      const admit = (found: Kept | undefined) => {
        if (!found) return void res.status(401).json({});
        res.set(forOne);
        res.locals.session = found;
        next();
      };
      const found = findSession(keeping, req.headers.cookie);
      if (found instanceof Promise) found.then(admit).catch(next);
      else admit(found);
    },
    me: (_req, res) => void res.json({ userId: res.locals.session.userId }),
    signIn: async (req, res) =>
      void res.append("Set-Cookie", await signIn(keeping, req.get("X-User")!)).json({}),
    async slow(req, res) {
      await findSession(keeping, req.headers.cookie);
      await gate.pass();
      res.json({});
    },
    async signOut(req, res) {
      await signOut(keeping, req.headers.cookie);
      res.json({});
    },
  };
}

type HonoVariables = {
  Variables: { session: Kept };
  Bindings: { incoming: { headers: { cookie?: string } } };
};

function onHono(keeping: Keeping): HonoApplication<HonoVariables> {
  return {
    guard: async (c, next) => {
      // From Node's request: to ask Hono for a header costs more than all else here.
      const found = await findSession(keeping, c.env.incoming.headers.cookie);
      if (!found) return c.json({}, 401);
      c.set("session", found);
      return next();
    },
    me: (c) => c.json({ userId: c.var.session.userId }, 200, forOne),
    signIn: async (c) => c.json({}, 200, { "Set-Cookie": await signIn(keeping, c.req.header("X-User")!) }),
    async slow(c) {
      await findSession(keeping, c.req.header("Cookie"));
      await gate.pass();
      return c.json({});
    },
    async signOut(c) {
      await signOut(keeping, c.req.header("Cookie"));
      return c.json({});
    },
  };
}
