import formbody from "@fastify/formbody";
import multipart from "@fastify/multipart";
import Fastify, { type FastifyReply, type preHandlerHookHandler } from "fastify";
import {
  authOf,
  coatcheck,
  requireCsrfToken,
  requireRecentAuth,
  requireSession,
  requireSessionWhere,
  sessionOf,
} from "../../src/adapters/fastify.ts";
import { type Application, describeAdapter, type RouteGuard } from "../../src/testing/adapter-suite.ts";

describeAdapter("Fastify", {
  async serve(application) {
    const app = await applicationOn(application);
    return { origin: await app.listen({ port: 0, host: "127.0.0.1" }), close: () => app.close() };
  },
  skip: [
    {
      reason: "Fastify parses forms before the check of the token, and refuses what is no form on its own",
      promises: ["a form that is none is refused, not an error"],
    },
  ],
});

async function applicationOn({ sessions, options, routes }: Application) {
  const { onProblem, ...rest } = options;
  const app = Fastify({ forceCloseConnections: true });
  await app.register(formbody);
  await app.register(multipart, { attachFieldsToBody: "keyValues" });
  await app.register(coatcheck(sessions, { ...rest, ...(onProblem && { onProblem: sending(onProblem) }) }));
  for (const { method, path, guard, headers = {}, answer } of routes) {
    const preHandler = guard ? [middlewareFor(guard)] : [];
    app.route({
      method,
      url: path,
      preHandler,
      handler: async (request, reply) => {
        reply.headers(headers);
        return answer({
          auth: authOf(request),
          session: guard && sessionOf(request),
          query: (name) => (request.query as Record<string, string>)[name],
          field: async (name) => (request.body as Record<string, unknown>)[name],
          json: async () => request.body,
        });
      },
    });
  }
  app.setErrorHandler((error: Error & { status?: number }, _request, reply) =>
    reply.code(error.status ?? 500).send({ error: error.message }),
  );
  return app;
}

function sending(onProblem: NonNullable<Application["options"]["onProblem"]>) {
  return async (problem: Parameters<typeof onProblem>[0], _request: unknown, reply: FastifyReply) => {
    const response = onProblem(problem);
    reply.code(response.status).headers(Object.fromEntries(response.headers));
    return reply.send(await response.text());
  };
}

function middlewareFor(guard: RouteGuard): preHandlerHookHandler {
  if (guard.demand === "recent") return requireRecentAuth(guard.within);
  if (guard.demand === "where") return requireSessionWhere(guard.predicate);
  return guard.demand === "csrf-token" ? requireCsrfToken() : requireSession();
}
