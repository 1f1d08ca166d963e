/** For anything that speaks `Request` and `Response`: Deno, Bun, workers, frameworks with a fetch handler. */
import type { SessionManager } from "../core/manager.ts";
import { onceAborted } from "../http/aborted.ts";
import { addHeaders } from "../http/added-headers.ts";
import type { AuthRequest } from "../http/auth-request.ts";
import { type AuthOptions, type AuthSettings, resolveAuth } from "../http/auth-settings.ts";
import { formField } from "../http/form.ts";
import { type Problem, problemOf, problemResponse } from "../http/problem.ts";
import { RequestAuth } from "../http/request-auth.ts";

export {
  applyGuard,
  csrfTokenPresent,
  type Guard,
  type Guarded,
  recentAuth,
  sessionWhere,
} from "../http/guard.ts";
export { type Problem, problemResponse } from "../http/problem.ts";

/** What the server knows about a request that is not in it. */
export interface Connection {
  /** The address of the socket's other end. */
  readonly remoteAddress?: string | undefined;
}

/** A handler that is given the request's session. */
export type SessionHandler<D> = (request: Request, auth: RequestAuth<D>) => Response | Promise<Response>;

export interface WebOptions extends AuthOptions {
  /** Answers in place of the problem documents. */
  readonly onProblem?: (problem: Problem, request: Request) => Response | Promise<Response>;
}

/**
 * Puts sessions before a handler: `const handle = withSessions(sessions, (request, auth) => …)`.
 * @throws TypeError if an option makes no sense.
 */
export function withSessions<D>(
  sessions: SessionManager<D>,
  handler: SessionHandler<D>,
  options: WebOptions = {},
): (request: Request, connection?: Connection) => Promise<Response> {
  const settings = resolveAuth(options);
  const { onProblem = problemResponse } = options;
  return async (request, connection = {}) => {
    const auth = webAuth(sessions, settings, request, connection);
    let response: Response;
    try {
      const problem = await auth.check();
      response = problem ? await onProblem(problem, request) : await handler(request, auth);
    } catch (error) {
      const problem = problemOf(error);
      if (!problem) throw error;
      response = await onProblem(problem, request);
    }
    await auth.settle();
    return withHeaders(response, auth);
  };
}

function webAuth<D>(
  sessions: SessionManager<D>,
  settings: AuthSettings,
  request: Request,
  { remoteAddress }: Connection,
): RequestAuth<D> {
  const url = new URL(request.url);
  const source: AuthRequest = {
    method: request.method,
    remoteAddress,
    encrypted: url.protocol === "https:",
    header: (name) => request.headers.get(name) ?? (name === "host" ? url.host : undefined),
    formField: (name) => formField(request, name),
    onClose: (listener) => onceAborted(request.signal, listener),
  };
  return new RequestAuth(sessions, settings, source);
}

function withHeaders<D>(response: Response, auth: RequestAuth<D>): Response {
  const added = auth.responseHeaders();
  // A switch of protocols cannot be built again. Only a renewal can be due on it, and its answer may be lost.
  if (!added || response.status === 101) return response;
  const headers = new Headers(response.headers);
  addHeaders(headers, added);
  return new Response(response.body, { status: response.status, statusText: response.statusText, headers });
}
