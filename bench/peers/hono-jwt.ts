/** Hono's own JWT middleware, with the token in a cookie. */
import type { Context } from "hono";
import { deleteCookie, setCookie } from "hono/cookie";
import { jwt, sign } from "hono/jwt";
import type { Opened } from "../application.ts";
import { type HonoApplication, serveHono } from "../frameworks/hono.ts";
import { gate } from "../gate.ts";
import { signInData } from "../population.ts";
import { cookie, halfAnHour, secret } from "./settings.ts";

type Variables = { readonly jwtPayload: Record<string, unknown> };

export async function open(): Promise<Opened> {
  return { serve: () => serveHono(application), size: () => 0 };
}

const prefixed = { ...cookie, prefix: "host" } as const;

const guard = jwt({ secret, alg: "HS256", cookie: { key: "session", prefixOptions: "host" } });

const application: HonoApplication<{ Variables: Variables }> = {
  guard,
  me: (c) => c.json({ userId: c.var.jwtPayload.userId }),
  signIn: (c) => issue(c, { userId: c.req.header("X-User"), ...signInData }),
  async slow(c) {
    await guard(c, async () => {});
    await gate.pass();
    return issue(c, { ...c.var.jwtPayload, visits: 8 });
  },
  signOut(c) {
    deleteCookie(c, "session", prefixed);
    return c.json({});
  },
};

async function issue(c: Context, claims: Record<string, unknown>): Promise<Response> {
  const exp = Math.floor(Date.now() / 1000) + halfAnHour.seconds;
  setCookie(c, "session", await sign({ ...claims, exp }, secret, "HS256"), prefixed);
  return c.json({});
}
