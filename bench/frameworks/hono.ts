/** The measured routes on Hono. */
import { once } from "node:events";
import type { Server } from "node:http";
import { createAdaptorServer } from "@hono/node-server";
import { type Context, type Env, Hono, type MiddlewareHandler } from "hono";
import type { Application, Serving } from "../application.ts";
import { servingBy } from "./serving.ts";

export type HonoApplication<E extends Env = Env> = Application<
  Hono<E>,
  (c: Context<E>) => Response | Promise<Response>,
  MiddlewareHandler<E>
>;

export async function serveHono<E extends Env>(application: HonoApplication<E>): Promise<Serving> {
  const { install, finish, guard, me, signIn, slow, signOut, signOutEverywhere } = application;
  const app = new Hono<E>();
  install?.(app);
  if (guard) app.get("/", guard, me);
  else app.get("/", me);
  app.post("/sign-in", signIn);
  app.post("/slow", slow);
  app.post("/sign-out", signOut);
  if (signOutEverywhere) app.post("/sign-out-everywhere", signOutEverywhere);
  finish?.(app);

  const server = createAdaptorServer({ fetch: app.fetch }) as Server;
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return servingBy(server);
}
