/** For Fastify 5: `await app.register(coatcheck(sessions))`, `authOf(request)` in handlers, guards as `preHandler`. */
import type {
  FastifyPluginAsync,
  FastifyReply,
  FastifyRequest,
  preHandlerHookHandler,
  RouteOptions,
} from "fastify";
import type { SessionManager } from "../core/manager.ts";
import type { Session } from "../core/session.ts";
import { addHeaders, type HeaderFields } from "../http/added-headers.ts";
import type { AuthRequest } from "../http/auth-request.ts";
import { type AuthOptions, resolveAuth } from "../http/auth-settings.ts";
import {
  atEndOfTurn,
  csrfTokenPresent,
  type Guard,
  type Guarded,
  recentAuth,
  sessionWhere,
  whenGuarded,
} from "../http/guard.ts";
import { isPromise } from "../http/known.ts";
import { onceOver } from "../http/node-answer.ts";
import { NodeSource, parsedField } from "../http/node-message.ts";
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

/** On the request: a map from requests would keep each alive through several garbage collections. */
const state = Symbol("coatcheck");

interface StatefulRequest extends FastifyRequest {
  [state]?: RequestState;
}

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
    // `async` hooks would be shorter, and each would cost a quarter of all that is done for a request.
    app.addHook("onRequest", (request: StatefulRequest, reply, done) => {
      const auth = new RequestAuth(sessions, settings, new FastifyAuthRequest(request, reply));
      request[state] = { auth: auth as unknown as RequestAuth, onProblem };
      pass(auth.checkOrigin(), request, reply, done);
    });
    // With the body, since a form may carry the CSRF token, and before anything is done with it.
    if (settings.csrf === "token") {
      app.addHook("preValidation", (request, reply, done) => {
        const checked = stateOf(request).auth.check();
        if (checked) checked.then((problem) => pass(problem, request, reply, done), done);
        else done();
      });
    }
    app.addHook("onSend", (request: StatefulRequest, reply, payload, done) => {
      const auth = request[state]?.auth;
      const settling = auth?.settle();
      if (settling) settling.then(() => send(auth, reply, payload, done)).catch(done);
      else send(auth, reply, payload, done);
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
export function requireSession(): preHandlerHookHandler {
  return guarded();
}

/** Demands that the user proved within so many milliseconds who they are. Anybody else gets 403 `reauth-required`. */
export function requireRecentAuth(within: number): preHandlerHookHandler {
  return guarded(recentAuth(within));
}

/** Demands something of the session: a role, a tenant. Anybody else gets 403. */
export function requireSessionWhere<D = Record<string, unknown>>(
  predicate: (session: Session<D>) => boolean | Promise<boolean>,
): preHandlerHookHandler {
  return guarded(sessionWhere(predicate as (session: Session) => boolean | Promise<boolean>));
}

/** Demands the session's CSRF token of unsafe requests, in `X-CSRF-Token` or a parsed form's field `csrf_token`. */
export function requireCsrfToken(): preHandlerHookHandler {
  return guarded(csrfTokenPresent);
}

function guarded(guard?: Guard<Record<string, unknown>>): preHandlerHookHandler {
  return (request, reply, done) => {
    const its = stateOf(request);
    const admit = ({ session, problem }: Guarded<Record<string, unknown>>) => {
      if (session) its.session = session;
      pass(problem, request, reply, done);
    };
    void atEndOfTurn(its.auth, () => {
      try {
        const admitted = whenGuarded(its.auth, guard, admit);
        if (isPromise(admitted)) admitted.catch(done);
      } catch (error) {
        done(error as Error);
      }
    });
  };
}

/** Goes on with the request, or answers the problem with it. */
function pass(
  problem: Problem | undefined,
  request: FastifyRequest,
  reply: FastifyReply,
  done: (error?: Error) => void,
): void {
  if (problem) void answer(problem, request, reply).then(undefined, done);
  else done();
}

function send(
  auth: RequestAuth | undefined,
  reply: FastifyReply,
  payload: unknown,
  done: (error: null, payload: unknown) => void,
): void {
  const added = auth?.responseHeaders();
  if (added) addHeaders(new FastifyFields(reply), added);
  done(null, payload);
}

async function answer(problem: Problem, request: FastifyRequest, reply: FastifyReply): Promise<void> {
  await stateOf(request).onProblem(problem, request, reply);
}

function stateOf(request: FastifyRequest): RequestState {
  const known = (request as StatefulRequest)[state];
  if (!known) throw new TypeError("Sessions need the plugin: await app.register(coatcheck(sessions))");
  return known;
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

class FastifyAuthRequest extends NodeSource implements AuthRequest {
  readonly #request: FastifyRequest;
  readonly #reply: FastifyReply;

  constructor(request: FastifyRequest, reply: FastifyReply) {
    super(request.raw);
    this.#request = request;
    this.#reply = reply;
  }

  async formField(name: string): Promise<string | undefined> {
    return parsedField(this.#request.body, name);
  }

  onClose(listener: () => void): void {
    onceOver(this.#request.raw, this.#reply.raw, listener);
  }
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

  /** Of `set-cookie` alone, Fastify keeps what was there. */
  append(name: "set-cookie", value: string): void {
    this.#reply.header(name, value);
  }
}
