/** @fastify/session: in memory, and with connect-redis. */
import fastifyCookie from "@fastify/cookie";
import fastifySession, { type FastifySessionObject, MemoryStore, type SessionStore } from "@fastify/session";
import { RedisStore } from "connect-redis";
import type { FastifyRequest } from "fastify";
import { createClient } from "redis";
import type { Opened } from "../application.ts";
import { bytesOfRedis } from "../at-rest.ts";
import { callsOfMethods, callsOfRedis } from "../call-counter.ts";
import { type FastifyApplication, serveFastify } from "../frameworks/fastify.ts";
import { gate } from "../gate.ts";
import { signInData } from "../population.ts";
import type { FrameworkName } from "../routes.ts";
import type { Place } from "../stores.ts";
import { cookie, cookieName, halfAnHour, proxy, secret } from "./settings.ts";

export interface Options {
  readonly store: "memory" | "redis";
  /** Whether each answer saves the session and sets its cookie. Default true, as there. */
  readonly rolling?: boolean;
}

export async function open(_on: FrameworkName, options: Options, place: Place): Promise<Opened> {
  const { rolling = true } = options;
  const served = (store: SessionStore) => serveFastify(application(store, rolling), { trustProxy: proxy });
  if (options.store === "memory") {
    const store = new MemoryStore();
    return { serve: () => served(store), calls: callsOfMethods(store, ["get"], ["set", "destroy"]) };
  }
  const url = place.databases.redis!;
  const client = await createClient({ url }).on("error", console.error).connect();
  const store = new RedisStore({ client, prefix: `${place.name}:`, ttl: halfAnHour.seconds });
  return {
    serve: () => served(store as unknown as SessionStore),
    calls: callsOfRedis(url),
    size: () => bytesOfRedis(url),
  };
}

function application(store: SessionStore, rolling: boolean): FastifyApplication {
  return {
    async install(app) {
      await app.register(fastifyCookie);
      await app.register(fastifySession, {
        store,
        secret,
        rolling,
        cookieName,
        saveUninitialized: false,
        cookie: { ...cookie },
      });
    },
    async me(request, reply) {
      const { userId } = sessionOf(request);
      if (userId === undefined) return reply.code(401).send({});
      return { userId };
    },
    async signIn(request) {
      await sessionOf(request).regenerate();
      Object.assign(sessionOf(request), { userId: request.headers["x-user"], ...signInData });
      return {};
    },
    async slow(request) {
      await gate.pass();
      sessionOf(request).visits = 8;
      return {};
    },
    async signOut(request) {
      await sessionOf(request).destroy();
      return {};
    },
  };
}

type Session = FastifySessionObject & { userId?: string; visits?: number };

/** Other plugins that are installed here declare a session too. */
function sessionOf(request: FastifyRequest): Session {
  return request.session as unknown as Session;
}
