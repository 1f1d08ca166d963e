/** For Hono: `new Hono().use(coatcheck(sessions))`, then `c.var.auth` everywhere and `c.var.session` behind a guard. */
import type { Context, MiddlewareHandler } from "hono";
import type { SessionManager } from "../core/manager.ts";
import type { Session } from "../core/session.ts";
import { onceAborted } from "../http/aborted.ts";
import { addHeaders, type HeaderFields } from "../http/added-headers.ts";
import type { AuthRequest } from "../http/auth-request.ts";
import { type AuthOptions, type AuthSettings, resolveAuth } from "../http/auth-settings.ts";
import { formField } from "../http/form.ts";
import {
  applyGuard,
  atEndOfTurn,
  csrfTokenPresent,
  type Guard,
  type Guarded,
  recentAuth,
  sessionWhere,
} from "../http/guard.ts";
import { isPromise } from "../http/known.ts";
import { beforeHead, type NodeAnswer, onceOver } from "../http/node-answer.ts";
import { type NodeMessage, nodeHeader } from "../http/node-message.ts";
import { type Problem, problemOf, problemResponse } from "../http/problem.ts";
import { RequestAuth } from "../http/request-auth.ts";

export interface HonoOptions extends AuthOptions {
  /** Answers in place of the problem documents. */
  readonly onProblem?: ProblemHandler;
}

type ProblemHandler = (problem: Problem, c: Context) => Response | Promise<Response>;

/** What `coatcheck` puts into the context. */
export interface AuthVariables<D = Record<string, unknown>> {
  auth: RequestAuth<D>;
}

/** What a guard adds to it. */
export interface SessionVariables<D = Record<string, unknown>> {
  session: Session<D>;
}

/**
 * Gives every handler `c.var.auth`, keeps other sites from acting in a user's name, and answers 503 when the store
 * fails. A request that ignores its session costs no store call.
 * @throws TypeError if an option makes no sense.
 */
export function coatcheck<D>(
  sessions: SessionManager<D>,
  options: HonoOptions = {},
): MiddlewareHandler<{ Variables: AuthVariables<D> }> {
  const settings = resolveAuth(options);
  const onProblem: ProblemHandler = options.onProblem ?? problemResponse;
  return async (c, next) => {
    const auth = new HonoAuth(sessions, settings, new HonoAuthRequest(c), onProblem);
    c.set("auth", auth);
    const checking = auth.check();
    const refused = checking && (await checking);
    if (!refused) await next();
    const problem = refused ?? problemOf(c.error);
    if (problem) replaceResponse(c, await onProblem(problem, c));
    const settling = auth.settle();
    if (settling) await settling;
    complete(c, auth);
  };
}

/** Hono lets the headers of the response before win. No cache may keep a 503 because the handler allowed more. */
function replaceResponse(c: Context, response: Response): void {
  c.res = response;
  for (const [name, value] of response.headers) if (name !== "set-cookie") c.header(name, value);
}

/** Lets only requests with a session pass, and gives them `c.var.session`. Name the manager to have its data typed. */
export function requireSession<D = Record<string, unknown>>(
  _sessions?: SessionManager<D>,
): GuardMiddleware<D> {
  return guarded();
}

/** Demands that the user proved within so many milliseconds who they are. Anybody else gets 403 `reauth-required`. */
export function requireRecentAuth<D = Record<string, unknown>>(
  within: number,
  _sessions?: SessionManager<D>,
): GuardMiddleware<D> {
  return guarded(recentAuth(within));
}

/** Demands something of the session: a role, a tenant. Anybody else gets 403. */
export function requireSessionWhere<D = Record<string, unknown>>(
  predicate: (session: Session<D>) => boolean | Promise<boolean>,
): GuardMiddleware<D> {
  return guarded(sessionWhere(predicate));
}

/** Demands the session's CSRF token of unsafe requests, in `X-CSRF-Token` or the form field `csrf_token`. */
export function requireCsrfToken<D = Record<string, unknown>>(
  _sessions?: SessionManager<D>,
): GuardMiddleware<D> {
  return guarded(csrfTokenPresent);
}

type GuardMiddleware<D> = MiddlewareHandler<{ Variables: SessionVariables<D> }>;

/** Knows how the application that its request belongs to answers problems: guards need not be told again. */
class HonoAuth<D> extends RequestAuth<D> {
  readonly #onProblem: ProblemHandler;

  constructor(
    sessions: SessionManager<D>,
    settings: AuthSettings,
    request: AuthRequest,
    onProblem: ProblemHandler,
  ) {
    super(sessions, settings, request);
    this.#onProblem = onProblem;
  }

  async answer(problem: Problem, c: Context): Promise<Response> {
    return this.#onProblem(problem, c);
  }
}

function guarded<D>(guard?: Guard<D>): GuardMiddleware<D> {
  return (c, next) => {
    // `c.var` would copy all variables.
    const auth: unknown = (c as Context).get("auth");
    if (!(auth instanceof HonoAuth)) {
      throw new TypeError("Guards need the middleware before them: app.use(coatcheck(sessions))");
    }
    const pass = ({ session, problem }: Guarded<D>): ReturnType<MiddlewareHandler> => {
      if (problem) return auth.answer(problem, c);
      c.set("session", session);
      return next();
    };
    const known = atEndOfTurn(auth, () => applyGuard<D>(auth, guard));
    return isPromise(known) ? known.then(pass) : pass(known);
  };
}

/** Headers come from the Node message where there is one: a `Request` would first build all of them. */
class HonoAuthRequest implements AuthRequest {
  readonly #c: Context;
  readonly #message: NodeMessage | undefined;

  constructor(c: Context) {
    this.#c = c;
    this.#message = (c.env as { incoming?: NodeMessage } | undefined)?.incoming;
  }

  get method(): string {
    return this.#c.req.method;
  }

  get remoteAddress(): string | undefined {
    return this.#message?.socket.remoteAddress;
  }

  get encrypted(): boolean {
    return this.#message ? this.#message.socket.encrypted === true : this.#c.req.url.startsWith("https:");
  }

  header(name: string): string | undefined {
    if (!this.#message)
      return this.#c.req.header(name) ?? (name === "host" ? new URL(this.#c.req.url).host : undefined);
    return nodeHeader(this.#message, name);
  }

  async formField(name: string): Promise<string | undefined> {
    const { req } = this.#c;
    if (!req.raw.bodyUsed) return formField(req.raw, name);
    // A middleware before has read the body, and Hono has kept it.
    const form: Record<string, unknown> = await req.parseBody().catch(() => ({}));
    const value = form[name];
    return typeof value === "string" ? value : undefined;
  }

  onClose(listener: () => void): void {
    if (this.#message) onceOver(this.#message, (this.#c.env as { outgoing?: NodeAnswer }).outgoing, listener);
    else onceAborted(this.#c.req.raw.signal, listener);
  }
}

/**
 * Cookies go into the response, where other middleware sees them. Of what caches are told, a Node server's answer learns
 * when its head is written: to set a header of the response costs as much as the whole guard.
 */
function complete<D>(c: Context, auth: RequestAuth<D>): void {
  const added = auth.responseHeaders();
  if (!added) return;
  const { outgoing } = (c.env ?? {}) as { outgoing?: NodeAnswer };
  if (outgoing && added["Set-Cookie"].length === 0)
    beforeHead(outgoing, (fields) => addHeaders(fields, added));
  else addHeaders(new HonoFields(c), added);
}

class HonoFields implements HeaderFields {
  readonly #c: Context;

  constructor(c: Context) {
    this.#c = c;
  }

  get(name: string): unknown {
    return this.#c.res.headers.get(name);
  }

  set(name: string, value: string): void {
    this.#c.header(name, value);
  }

  append(name: string, value: string): void {
    this.#c.header(name, value, { append: true });
  }
}
