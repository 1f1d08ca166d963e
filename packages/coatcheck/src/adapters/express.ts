/** For Express 4 and 5: `app.use(coatcheck(sessions))`, `authOf(req)` in handlers, `app.use(answerProblems())` last. */
import type { ErrorRequestHandler, NextFunction, Request, RequestHandler, Response } from "express";
import type { SessionManager } from "../core/manager.ts";
import type { Session } from "../core/session.ts";
import { type AddedHeaders, addHeaders } from "../http/added-headers.ts";
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
import { beforeHead, onceOver } from "../http/node-answer.ts";
import { NodeSource, parsedField } from "../http/node-message.ts";
import { type Problem, problemHeaders, problemOf } from "../http/problem.ts";
import { RequestAuth } from "../http/request-auth.ts";

export interface ExpressOptions extends AuthOptions {
  /** Answers in place of the problem documents. */
  readonly onProblem?: ProblemHandler;
}

type ProblemHandler = (problem: Problem, req: Request, res: Response) => void | Promise<void>;

interface RequestState {
  readonly auth: RequestAuth;
  readonly onProblem: ProblemHandler;
  session?: Session;
}

/** On the request: a map from requests would keep each alive through several garbage collections. */
const state = Symbol("coatcheck");

interface StatefulRequest extends Request {
  [state]?: RequestState;
}

/**
 * Gives every handler `authOf(req)` and keeps other sites from acting in a user's name. A request that ignores its
 * session costs no store call. Under `csrf: "token"`, put the parsers of forms before it.
 * @throws TypeError if an option makes no sense.
 */
export function coatcheck<D>(sessions: SessionManager<D>, options: ExpressOptions = {}): RequestHandler {
  const settings = resolveAuth(options);
  const onProblem = options.onProblem ?? sendProblem;
  return (req: StatefulRequest, res, next) => {
    const auth = new RequestAuth(sessions, settings, new ExpressAuthRequest(req, res));
    req[state] = { auth: auth as unknown as RequestAuth, onProblem };
    const checked = auth.check();
    if (!checked) return next();
    checked.then((problem) => (problem ? answer(problem, req, res, next) : next())).catch(next);
  };
}

/**
 * Answers the errors of the library, an outage above all, as what they are: 503 and not 500. Put it after the routes
 * and before handlers of other errors. Express 4 learns of errors in async handlers only by `next(error)`.
 */
export function answerProblems(): ErrorRequestHandler {
  return (error, req: StatefulRequest, res, next) => {
    const problem = res.headersSent ? undefined : problemOf(error);
    if (problem) void answer(problem, req, res, next);
    else next(error);
  };
}

/** The session of a request, and its verbs. Name the manager to have the data typed. */
export function authOf<D = Record<string, unknown>>(
  req: Request,
  _sessions?: SessionManager<D>,
): RequestAuth<D> {
  return stateOf(req).auth as unknown as RequestAuth<D>;
}

/** The session that a guard let pass. Name the manager to have the data typed. */
export function sessionOf<D = Record<string, unknown>>(
  req: Request,
  _sessions?: SessionManager<D>,
): Session<D> {
  const { session } = stateOf(req);
  if (!session) throw new TypeError("sessionOf needs a guard before it: app.get(path, requireSession(), …)");
  return session as unknown as Session<D>;
}

/** Lets only requests with a session pass; `sessionOf(req)` is theirs. */
export function requireSession(): RequestHandler {
  return guarded();
}

/** Demands that the user proved within so many milliseconds who they are. Anybody else gets 403 `reauth-required`. */
export function requireRecentAuth(within: number): RequestHandler {
  return guarded(recentAuth(within));
}

/** Demands something of the session: a role, a tenant. Anybody else gets 403. */
export function requireSessionWhere<D = Record<string, unknown>>(
  predicate: (session: Session<D>) => boolean | Promise<boolean>,
): RequestHandler {
  return guarded(sessionWhere(predicate as (session: Session) => boolean | Promise<boolean>));
}

/** Demands the session's CSRF token of unsafe requests, in `X-CSRF-Token` or a parsed form's field `csrf_token`. */
export function requireCsrfToken(): RequestHandler {
  return guarded(csrfTokenPresent);
}

function guarded(guard?: Guard<Record<string, unknown>>): RequestHandler {
  return (req, res, next) => {
    const its = stateOf(req);
    const pass = ({ session, problem }: Guarded<Record<string, unknown>>): void => {
      if (problem) return void answer(problem, req, res, next);
      its.session = session;
      next();
    };
    // Express 4 would lose it, and an application may have forgotten `answerProblems`.
    const fail = (error: unknown) => {
      const problem = problemOf(error);
      if (problem) pass({ problem });
      else next(error);
    };
    const passing = atEndOfTurn(its.auth, () => {
      const guarding = whenGuarded(its.auth, guard, pass);
      if (isPromise(guarding)) guarding.catch(fail);
    });
    if (isPromise(passing)) passing.catch(next);
  };
}

/** Also where the middleware is missing, or has not come to its turn. */
async function answer(
  problem: Problem,
  req: StatefulRequest,
  res: Response,
  next: NextFunction,
): Promise<void> {
  try {
    await (req[state]?.onProblem ?? sendProblem)(problem, req, res);
  } catch (error) {
    next(error);
  }
}

function stateOf(req: Request): RequestState {
  const known = (req as StatefulRequest)[state];
  if (!known) throw new TypeError("Sessions need the middleware before them: app.use(coatcheck(sessions))");
  return known;
}

function sendProblem(problem: Problem, _req: Request, res: Response): void {
  res.status(problem.status).set(problemHeaders(problem)).end(JSON.stringify(problem));
}

class ExpressAuthRequest extends NodeSource implements AuthRequest {
  readonly #req: StatefulRequest;
  readonly #res: Response;

  constructor(req: StatefulRequest, res: Response) {
    super(req);
    this.#req = req;
    this.#res = res;
  }

  get answered(): boolean {
    return this.#res.headersSent;
  }

  async formField(name: string): Promise<string | undefined> {
    return parsedField(this.#req.body, name);
  }

  onClose(listener: () => void): void {
    onceOver(this.#req, this.#res, listener);
  }

  onHeaders(headers: () => AddedHeaders | undefined): void {
    beforeHead(this.#res, (fields) => {
      const added = headers();
      if (added) addHeaders(fields, added);
    });
  }
}
