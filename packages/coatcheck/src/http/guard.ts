/** Rules that a route puts before its handler. Adapters turn each into what their framework calls middleware. */
import type { Rejection } from "../core/judge.ts";
import type { Session } from "../core/session.ts";
import { endOfTurn } from "../core/turn.ts";
import { type Known, whenKnown } from "./known.ts";
import {
  forbidden,
  notSignedIn,
  type Problem,
  reauthenticationRequired,
  tooManyAttempts,
} from "./problem.ts";
import type { RequestAuth } from "./request-auth.ts";

/** Lets a request with a session pass, or says what is wrong with it. */
export type Guard<D> = (session: Session<D>, auth: RequestAuth<D>) => Known<Problem | undefined>;

/** The session that a guarded handler gets, or the problem that is answered in its place. */
export type Guarded<D> =
  | { readonly session: Session<D>; readonly problem?: undefined }
  | { readonly session?: undefined; readonly problem: Problem };

/** Asks for the session, then applies the guard. Known at once where a cache has the session and the guard does not wait. */
export function applyGuard<D>(auth: RequestAuth<D>, guard?: Guard<D>): Known<Guarded<D>> {
  return whenGuarded(auth, guard, (guarded) => guarded);
}

/** Applies the guard and goes on with what it says, in the same promise if it takes one: another would cost as much as a guard. */
export function whenGuarded<D, T>(
  auth: RequestAuth<D>,
  guard: Guard<D> | undefined,
  goOn: (guarded: Guarded<D>) => Known<T>,
): Known<T> {
  return whenKnown(auth.validation(), (validation) => {
    if (!validation.ok) return goOn({ problem: signInProblem(validation.rejection) });
    const { session } = validation;
    return whenKnown(guard?.(session, auth), (problem) => goOn(problem ? { problem } : { session }));
  });
}

/**
 * Goes on with a request when all that have come in with it were read, if its session may be at hand and was not looked at:
 * together they take less of the processor than one after the other. A store that must be asked gathers them itself.
 */
export function atEndOfTurn<T>(auth: Pick<RequestAuth, "mayBeAtHand">, goOn: () => Known<T>): Known<T> {
  return auth.mayBeAtHand ? endOfTurn().then(goOn) : goOn();
}

/** Demands that the user proved within so many milliseconds who they are ("sudo mode", ASVS 7.5.1). */
export function recentAuth<D>(within: number, { peek = false }: { readonly peek?: boolean } = {}): Guard<D> {
  if (!(within > 0)) throw new TypeError("requireRecentAuth needs a duration in milliseconds");
  return async (_session, auth) => {
    if (await auth.isRecent(within, { peek })) return undefined;
    if (peek) return reauthenticationRequired();
    // That asked the store, which may know better than the cache that let the request in.
    const validation = await auth.validation();
    return validation.ok ? reauthenticationRequired() : signInProblem(validation.rejection);
  };
}

/** Demands something of the session: a role, a tenant. */
export function sessionWhere<D>(predicate: (session: Session<D>) => boolean | Promise<boolean>): Guard<D> {
  return async (session) => ((await predicate(session)) ? undefined : forbidden());
}

/** Demands the session's CSRF token of an unsafe request, on top of the origin check. */
export function csrfTokenPresent<D>(
  _session: Session<D>,
  auth: RequestAuth<D>,
): Promise<Problem | undefined> {
  return auth.checkCsrfToken();
}

function signInProblem(rejection: Rejection): Problem {
  if (rejection.reason === "step-up") return reauthenticationRequired();
  if (rejection.reason === "throttled") return tooManyAttempts(rejection.retryAfter);
  if (rejection.reason === "ended") return notSignedIn(rejection.ended);
  if (rejection.reason === "theft") return notSignedIn("theft");
  return isExpired(rejection) ? notSignedIn("expired") : notSignedIn();
}

function isExpired({ reason }: Rejection): boolean {
  return reason === "idle-timeout" || reason === "absolute-timeout";
}
