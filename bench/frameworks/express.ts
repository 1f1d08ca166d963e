/** The measured routes on Express. */
import { once } from "node:events";
import express, { type Express, type RequestHandler } from "express";
import type { Application, Serving } from "../application.ts";
import { servingBy } from "./serving.ts";

export type ExpressApplication = Application<Express, RequestHandler>;

export async function serveExpress(application: ExpressApplication): Promise<Serving> {
  const { install, finish, guard, me, signIn, slow, signOut, signOutEverywhere } = application;
  const app = express();
  install?.(app);
  if (guard) app.get("/", guard, me);
  else app.get("/", me);
  app.post("/sign-in", signIn);
  app.post("/slow", slow);
  app.post("/sign-out", signOut);
  if (signOutEverywhere) app.post("/sign-out-everywhere", signOutEverywhere);
  finish?.(app);

  const server = app.listen(0, "127.0.0.1");
  await once(server, "listening");
  return servingBy(server);
}
