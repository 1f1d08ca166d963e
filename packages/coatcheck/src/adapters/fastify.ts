/** For Fastify 5: `await app.register(coatcheck(sessions))`, `authOf(request)` in handlers, guards as `preHandler`. */
import type {
  FastifyPluginAsync,
  FastifyReply,
  FastifyRequest,
  preHandlerAsyncHookHandler,
  RouteOptions,
} from "fastify";
import type { SessionManager } from "../core/manager.ts";
import type { Session } from "../core/session.ts";
import { addHeaders, type HeaderFields } from "../http/added-headers.ts";
import { type AuthOptions, type AuthSettings, resolveAuth } from "../http/auth-settings.ts";
import { applyGuard, csrfTokenPresent, type Guard, recentAuth, sessionWhere } from "../http/guard.ts";
import { nodeHeader, parsedField } from "../http/node-message.ts";
import { type Problem, problemHeaders, problemOf } from "../http/problem.ts";
import { RequestAuth } from "../http/request-auth.ts";

export interface FastifyOptions extends AuthOptions {
  /** Answers in place of the problem documents, by `reply.send`. */
  readonly onProblem?: ProblemHandler;
}

type ProblemHandler = (problem: Problem, request: FastifyRequest, reply: FastifyReply) => unknown;

interface RequestState {
  readonly auth: RequestAuth;
  readonly onProblem: ProblemHandler;
  session?: Session;
}

/** Beside the request, not on it: no global declarations are needed to have types. */
const states = new WeakMap<object, RequestState>();

/**
 * Gives every handler `authOf(request)`, keeps other sites from acting in a user's name, and answers 503 when the
 * store fails. Await its registration before the routes. A request that ignores its session costs no store call.
 * @throws TypeError if an option makes no sense.
 */
export function coatcheck<D>(sessions: SessionManager<D>, options: FastifyOptions = {}): FastifyPluginAsync {
  const settings = resolveAuth(options);
  const onProblem = options.onProblem ?? sendProblem;
  const plugin: FastifyPluginAsync = async (app) => {
    app.addHook("onRoute", answerProblems);
    app.addHook("onRequest", async (request, reply) => {
      const auth = fastifyAuth(sessions, settings, request) as unknown as RequestAuth;
      states.set(request, { auth, onProblem });
      const problem = auth.checkOrigin();
      if (problem) return onProblem(problem, request, reply);
    });
    // Once more with the body, since a form may carry the CSRF token, and before anything is done with it.
    app.addHook("preValidation", async (request, reply) => {
      const problem = await stateOf(request).auth.check();
      if (problem) return onProblem(problem, request, reply);
    });
    app.addHook("onSend", async (request, reply) => {
      const auth = states.get(request)?.auth;
      await auth?.settle();
      const added = auth?.responseHeaders();
      if (added) addHeaders(new FastifyFields(reply), added);
    });
  };
  // Fastify would keep the hooks from the routes outside the plugin.
  return Object.assign(plugin, { [Symbol.for("skip-override")]: true });
}

/** The session of a request, and its verbs. Name the manager to have the data typed. */
export function authOf<D = Record<string, unknown>>(
  request: FastifyRequest,
  _sessions?: SessionManager<D>,
): RequestAuth<D> {
  return stateOf(request).auth as unknown as RequestAuth<D>;
}

/** The session that a guard let pass. Name the manager to have the data typed. */
export function sessionOf<D = Record<string, unknown>>(
  request: FastifyRequest,
  _sessions?: SessionManager<D>,
): Session<D> {
  const { session } = stateOf(request);
  if (!session) throw new TypeError("sessionOf needs a guard before it: { preHandler: requireSession() }");
  return session as unknown as Session<D>;
}

/** Lets only requests with a session pass; `sessionOf(request)` is theirs. */
export function requireSession(): preHandlerAsyncHookHandler {
  return guarded();
}

/** Demands that the user proved within so many milliseconds who they are. Anybody else gets 403 `reauth-required`. */
export function requireRecentAuth(within: number): preHandlerAsyncHookHandler {
  return guarded(recentAuth(within));
}

/** Demands something of the session: a role, a tenant. Anybody else gets 403. */
export function requireSessionWhere<D = Record<string, unknown>>(
  predicate: (session: Session<D>) => boolean | Promise<boolean>,
): preHandlerAsyncHookHandler {
  return guarded(sessionWhere(predicate as (session: Session) => boolean | Promise<boolean>));
}

/** Demands the session's CSRF token of unsafe requests, in `X-CSRF-Token` or a parsed form's field `csrf_token`. */
export function requireCsrfToken(): preHandlerAsyncHookHandler {
  return guarded(csrfTokenPresent);
}

function guarded(guard?: Guard<Record<string, unknown>>): preHandlerAsyncHookHandler {
  return async (request, reply) => {
    const state = stateOf(request);
    const { session, problem } = await applyGuard(state.auth, guard);
    if (problem) return state.onProblem(problem, request, reply);
    state.session = session;
  };
}

function stateOf(request: FastifyRequest): RequestState {
  const state = states.get(request);
  if (!state) throw new TypeError("Sessions need the plugin: await app.register(coatcheck(sessions))");
  return state;
}

/** The errors of the library, an outage above all, are answered as what they are; others are left to the application. */
function answerProblems(route: RouteOptions): void {
  const own = route.errorHandler;
  route.errorHandler = function (error, request, reply) {
    const problem = problemOf(error);
    if (problem) return stateOf(request).onProblem(problem, request, reply);
    return (own ?? request.server.errorHandler).call(this, error, request, reply);
  };
}

function sendProblem(problem: Problem, _request: FastifyRequest, reply: FastifyReply): FastifyReply {
  // Fastify would add a charset to the type of a string.
  const body = Buffer.from(JSON.stringify(problem));
  return reply.code(problem.status).headers(problemHeaders(problem)).send(body);
}

function fastifyAuth<D>(
  sessions: SessionManager<D>,
  settings: AuthSettings,
  request: FastifyRequest,
): RequestAuth<D> {
  const { raw } = request;
  return new RequestAuth(sessions, settings, {
    method: request.method,
    // Not `request.ip`: which proxies count is said once, in `trustedProxies`.
    remoteAddress: raw.socket.remoteAddress,
    encrypted: (raw.socket as { encrypted?: boolean }).encrypted === true,
    header: (name) => nodeHeader(raw, name),
    formField: async (name) => parsedField(request.body, name),
  });
}

class FastifyFields implements HeaderFields {
  readonly #reply: FastifyReply;

  constructor(reply: FastifyReply) {
    this.#reply = reply;
  }

  get(name: string): unknown {
    return this.#reply.getHeader(name);
  }

  set(name: string, value: string): void {
    this.#reply.header(name, value);
  }

  /** Of `Set-Cookie` alone, Fastify keeps what was there. */
  append(name: "Set-Cookie", value: string): void {
    this.#reply.header(name, value);
  }
}
