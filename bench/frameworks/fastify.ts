/** The measured routes on Fastify. */
import fastify, {
  type FastifyInstance,
  type FastifyServerOptions,
  type preHandlerAsyncHookHandler,
  type preHandlerHookHandler,
  type RouteHandlerMethod,
} from "fastify";
import type { Application, Serving } from "../application.ts";
import { servingBy } from "./serving.ts";

export type FastifyApplication = Application<
  FastifyInstance,
  RouteHandlerMethod,
  preHandlerHookHandler | preHandlerAsyncHookHandler
>;

export async function serveFastify(
  application: FastifyApplication,
  options: FastifyServerOptions = {},
): Promise<Serving> {
  const { install, finish, guard, me, signIn, slow, signOut, signOutEverywhere } = application;
  const app = fastify(options);
  await install?.(app);
  app.get("/", guard ? { preHandler: guard } : {}, me);
  app.post("/sign-in", signIn);
  app.post("/slow", slow);
  app.post("/sign-out", signOut);
  if (signOutEverywhere) app.post("/sign-out-everywhere", signOutEverywhere);
  finish?.(app);

  await app.listen({ port: 0, host: "127.0.0.1" });
  return servingBy(app.server);
}
