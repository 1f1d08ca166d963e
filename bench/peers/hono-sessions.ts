/** hono-sessions in memory, with and without encryption of the id in the cookie. */
import { MemoryStore, type Session, sessionMiddleware } from "hono-sessions";
import type { Opened } from "../application.ts";
import { callsOfMethods } from "../call-counter.ts";
import { type HonoApplication, serveHono } from "../frameworks/hono.ts";
import { gate } from "../gate.ts";
import { signInData } from "../population.ts";
import type { FrameworkName } from "../routes.ts";
import { cookieName, halfAnHour, secret } from "./settings.ts";

interface Data {
  userId: string;
  theme: string;
  visits: number;
}

interface Variables {
  session: Session<Data>;
  session_key_rotation: boolean;
}

export interface Options {
  readonly encrypted: boolean;
}

const reading = ["getSessionById"];
const writing = ["createSession", "deleteSession", "persistSessionData"];

export async function open(_on: FrameworkName, options: Options): Promise<Opened> {
  const store = new MemoryStore();
  return {
    serve: () => serveHono(application(store, options)),
    calls: callsOfMethods(store, reading, writing),
  };
}

function application(store: MemoryStore, { encrypted }: Options): HonoApplication<{ Variables: Variables }> {
  return {
    install: (app) =>
      app.use(
        sessionMiddleware({
          store,
          ...(encrypted && { encryptionKey: secret }),
          sessionCookieName: cookieName,
          expireAfterSeconds: halfAnHour.seconds,
          cookieOptions: { path: "/", httpOnly: true, secure: true, sameSite: "Lax" },
        }),
      ),
    me(c) {
      const userId = c.var.session.get("userId");
      return userId === null ? c.json({}, 401) : c.json({ userId });
    },
    signIn(c) {
      c.set("session_key_rotation", true);
      c.var.session.set("userId", c.req.header("X-User")!);
      c.var.session.set("theme", String(signInData.theme));
      c.var.session.set("visits", Number(signInData.visits));
      return c.json({});
    },
    async slow(c) {
      await gate.pass();
      c.var.session.set("visits", 8);
      return c.json({});
    },
    signOut(c) {
      c.var.session.deleteSession();
      return c.json({});
    },
  };
}
