/** The application: what happens to a request, from the outside in. */
import { randomBytes } from "node:crypto";
import { correlated, problemOf } from "coatcheck";
import { coatcheck } from "coatcheck/hono";
import { type Context, Hono, type MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { HTTPException } from "hono/http-exception";
import { AccountsUnavailableError } from "./accounts/accounts-outage.ts";
import { HasherBusyError } from "./accounts/password-hasher.ts";
import { answerProblem } from "./answer.ts";
import { createApi } from "./api/api.ts";
import { openApiDocument } from "./api/openapi.ts";
import { serveAssets } from "./assets.ts";
import { compression } from "./compression.ts";
import { doctorRoute } from "./doctor/doctor-route.ts";
import type { AppEnv, House } from "./env.ts";
import { healthRoutes } from "./health.ts";
import { metricsPage } from "./metrics/metrics-page.ts";
import { accountPages } from "./pages/account-page.ts";
import { administration } from "./pages/administration.ts";
import { confirmRoute } from "./pages/confirm-page.ts";
import { devicesPages } from "./pages/devices-page.ts";
import { docsPage } from "./pages/docs-page.ts";
import { endSessionPages } from "./pages/end-session-page.ts";
import { historyPage } from "./pages/history-page.ts";
import { idleWarning } from "./pages/idle-warning.ts";
import { speak } from "./pages/language-choice.ts";
import { resetPages } from "./pages/reset-page.ts";
import { setupPages } from "./pages/setup-page.ts";
import { signInPages } from "./pages/sign-in-page.ts";
import { welcomePage } from "./pages/welcome-page.ts";
import {
  accountsUnavailable,
  bodyTooLarge,
  busy,
  internalError,
  malformedBody,
  methodNotAllowed,
  notFound,
  ProblemError,
  type ServerProblem,
  unsupportedMediaType,
} from "./problems.ts";
import { requestLog } from "./request-log.ts";
import { methodsOf } from "./routes.ts";
import { securityHeaders } from "./security-headers.ts";

/** Far more than any form or body of ours needs. */
const largestBody = 16 * 1024;

export function createApp(house: House): Hono<AppEnv> {
  const { accounts, sessions, keys, origin, trustedProxies } = house;
  const app = new Hono<AppEnv>();

  app.use(names);
  app.use(speak);
  app.use((c, next) => correlated({ correlationId: c.var.requestId }, next));
  app.use(requestLog(house.logger));
  app.use(headers(house));
  app.use(compression);
  app.use(wholeBody);
  const remember = { stillValid: (userId: string) => accounts.mayReturn(userId) };
  app.use(
    coatcheck(sessions, { origin, trustedProxies, keys, seal: true, remember, onProblem: answerProblem }),
  );

  app.use((c, next) => correlated({ client: c.var.auth.client }, next));

  serveAssets(app);
  healthRoutes(app, house);
  doctorRoute(app, house);
  metricsPage(app, house);
  signInPages(app, house);
  setupPages(app, house);
  welcomePage(app, house);
  devicesPages(app, house);
  historyPage(app, house);
  accountPages(app, house);
  confirmRoute(app, house);
  administration(app, house);
  idleWarning(app, house);
  resetPages(app, house);
  endSessionPages(app, house);

  const api = createApi(house);
  app.route("/", api);
  const document = openApiDocument(api, origin);
  app.get("/openapi.json", (c) => c.json(document));
  docsPage(app, house, document);

  app.notFound((c) => {
    const methods = methodsOf(app, c.req.path);
    if (methods.length === 0) return answerProblem(notFound(), c);
    c.header("Allow", methods.join(", "));
    return answerProblem(methodNotAllowed(methods), c);
  });
  app.onError((error, c) => answerProblem(problemOfError(error, c, house), c));
  return app;
}

/** Names the request, and what its page may load. The answer to a HEAD is that to a GET: what nobody will read is let go. */
const names: MiddlewareHandler<AppEnv> = async (c, next) => {
  c.set("requestId", randomBytes(9).toString("base64url"));
  c.set("nonce", randomBytes(16).toString("base64url"));
  await next();
  if (c.req.method === "HEAD") await c.res.body?.cancel();
};

const limitedBody = bodyLimit({
  maxSize: largestBody,
  onError: (c) => answerProblem(bodyTooLarge(), c as Context<AppEnv>),
});

/**
 * Takes in the body, if it is not too large, before anybody may answer: a connection on which an answer overtook its
 * request cannot be used again, and the client of a refusal would see a reset in place of it.
 *
 * A GET is not asked for one: that would make a `Request` of the platform's, which no small garbage collection removes.
 */
const wholeBody: MiddlewareHandler<AppEnv> = async (c, next) => {
  if (c.req.method === "GET" || c.req.method === "HEAD") return next();
  return limitedBody(c, async () => {
    if (c.req.raw.body) await c.req.arrayBuffer();
    await next();
  });
};

/** What depends on who asks is kept by nobody; what may be kept says so itself. */
function headers({ origin, isClosed }: House): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    await next();
    for (const [name, value] of Object.entries(securityHeaders(origin, c.var.nonce))) c.header(name, value);
    c.header("X-Request-Id", c.var.requestId);
    if (!c.res.headers.has("Cache-Control")) c.header("Cache-Control", "no-store");
    if (c.res.headers.get("Cache-Control") === "no-store" && !c.res.headers.has("Vary"))
      c.header("Vary", "Cookie");
    // Not while it stops and still listens: they would come back on a connection that is reset then.
    if (isClosed()) c.header("Connection", "close");
  };
}

function problemOfError(error: Error, c: Context<AppEnv>, { logger }: House): ServerProblem {
  const refusal = refusalOf(error);
  if (refusal) return refusal;
  const outage = outageOf(error);
  logger.error({ event: outage ? "outage" : "internal-error", requestId: c.var.requestId, err: error });
  return outage ?? internalError();
}

/** What is no fault of ours. */
function refusalOf(error: Error): ServerProblem | undefined {
  if (error instanceof ProblemError) return error.problem;
  if (error instanceof HasherBusyError) return busy(error.retryAfterSeconds);
  if (error instanceof HTTPException && error.status === 400) return malformedBody("The body is no JSON.");
  if (error instanceof HTTPException && error.status === 415) return unsupportedMediaType("application/json");
  if (isHangUp(error)) return malformedBody("The body ended too early.");
  const known = problemOf(error);
  return known && known.status < 500 ? known : undefined;
}

/** What Node says when the client hung up in the middle of its body. Nobody reads the answer: it is for the log. */
function isHangUp(error: Error): boolean {
  return error.message === "aborted" && "code" in error && error.code === "ECONNRESET";
}

function outageOf(error: Error): ServerProblem | undefined {
  return error instanceof AccountsUnavailableError ? accountsUnavailable() : problemOf(error);
}
