/** express-session on Express: in memory, and with connect-redis. */
import { RedisStore } from "connect-redis";
import session from "express-session";
import { createClient } from "redis";
import type { Opened } from "../application.ts";
import { bytesOfRedis } from "../at-rest.ts";
import { callsOfMethods, callsOfRedis } from "../call-counter.ts";
import { type ExpressApplication, serveExpress } from "../frameworks/express.ts";
import { gate } from "../gate.ts";
import { signInData } from "../population.ts";
import type { FrameworkName } from "../routes.ts";
import type { Place } from "../stores.ts";
import { cookie, cookieName, halfAnHour, proxy, secret } from "./settings.ts";

declare module "express-session" {
  interface SessionData {
    userId: string;
    theme: string;
    visits: number;
  }
}

export interface Options {
  readonly store: "memory" | "redis";
  /** Whether the store is not told of each use. */
  readonly disableTouch?: boolean;
}

export async function open(_on: FrameworkName, options: Options, place: Place): Promise<Opened> {
  if (options.store === "memory") {
    const store = new session.MemoryStore();
    const calls = callsOfMethods(store, ["get"], ["set", "touch", "destroy"]);
    return { serve: () => serveExpress(application(store)), calls };
  }
  const url = place.databases.redis!;
  const client = await createClient({ url }).on("error", console.error).connect();
  const store = new RedisStore({
    client,
    prefix: `${place.name}:`,
    ttl: halfAnHour.seconds,
    disableTouch: options.disableTouch === true,
  });
  return {
    serve: () => serveExpress(application(store)),
    calls: callsOfRedis(url),
    size: () => bytesOfRedis(url),
  };
}

function application(store: session.Store): ExpressApplication {
  return {
    install(app) {
      app.set("trust proxy", proxy);
      app.use(
        session({
          store,
          secret,
          name: cookieName,
          resave: false,
          saveUninitialized: false,
          cookie: { ...cookie },
        }),
      );
    },
    me(req, res) {
      const { userId } = req.session;
      if (userId === undefined) res.status(401).json({});
      else res.json({ userId });
    },
    async signIn(req, res) {
      await told((done) => req.session.regenerate(done));
      Object.assign(req.session, { userId: req.get("X-User"), ...signInData });
      await told((done) => req.session.save(done));
      res.json({});
    },
    async slow(req, res) {
      await gate.pass();
      req.session.visits = 8;
      res.json({});
    },
    async signOut(req, res) {
      await told((done) => req.session.destroy(done));
      res.clearCookie(cookieName, cookie).json({});
    },
  };
}

function told(deed: (done: (error?: unknown) => void) => unknown): Promise<void> {
  return new Promise((resolve, reject) => {
    deed((error) => (error ? reject(error) : resolve()));
  });
}
