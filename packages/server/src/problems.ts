/** What the server has to say when the answer is no, beyond what the library says. */
import type { EndReason, Problem } from "coatcheck";
import type { Fault } from "./accounts/fault.ts";
import { english } from "./words/en.ts";
import { englishRefusals, inEnglish } from "./words/refusals-en.ts";

/** What is wrong with one field of a form or a body. */
export interface FieldError {
  readonly field: string;
  readonly message: string;
}

/** A problem document (RFC 9457) of this server. */
export interface ServerProblem extends Problem {
  readonly errors?: readonly FieldError[];
}

export class ProblemError extends Error {
  readonly problem: ServerProblem;

  constructor(problem: ServerProblem) {
    super(problem.title);
    this.problem = problem;
  }
}

function problem(
  name: string,
  status: number,
  title: string,
  more: Pick<ServerProblem, "detail" | "errors" | "reason" | "retryAfter"> = {},
): ServerProblem {
  return { type: `urn:coatcheck:problem:${name}`, title, status, ...more };
}

export function faultOf(field: string, fault: Fault): FieldError {
  return { field, message: inEnglish(fault) };
}

export function invalidCredentials(): ServerProblem {
  return problem("invalid-credentials", 401, "Invalid credentials", {
    detail: inEnglish("wrong-credentials"),
  });
}

export function wrongPassword(): ServerProblem {
  return problem("wrong-password", 403, "Wrong password", { detail: "The current password is wrong." });
}

export function forbidden(detail = "Only administrators may do this."): ServerProblem {
  return problem("forbidden", 403, "Forbidden", { detail });
}

export function addressTaken(): ServerProblem {
  return problem("address-taken", 409, "Address taken", { detail: "Somebody has this address already." });
}

export function noLinkFor(disabled: boolean): ServerProblem {
  return disabled
    ? problem("user-disabled", 409, "User disabled", { detail: "Enable the user first." })
    : problem("conflict", 409, "Changed meanwhile", {
        detail: "A link was made for this user a moment ago.",
      });
}

export function ownRights(): ServerProblem {
  return problem("own-rights", 409, "Own rights", {
    detail: "Nobody changes their own rights: somebody must remain who can give them back.",
  });
}

export function metricsTokenNeeded(): ServerProblem {
  return problem("metrics-token", 401, "Metrics token needed", {
    detail: "Send the token of COATCHECK_METRICS_TOKEN: Authorization: Bearer …",
  });
}

export function changedMeanwhile(): ServerProblem {
  return problem("conflict", 409, "Changed meanwhile", {
    detail: "The password was changed a moment ago, by another request.",
  });
}

/** For who was not identified. */
export function unidentified({
  reason,
  retryAfter,
}: {
  readonly reason: EndReason | undefined;
  readonly retryAfter?: number;
}): ServerProblem {
  return retryAfter === undefined ? notSignedIn(reason) : tooManyAttempts(retryAfter);
}

/** As the library says it; where waiting is no help, with what is. The same for every address, too. */
export function tooManyAttempts(retryAfter: number): ServerProblem {
  return problem("too-many-attempts", 429, "Too many attempts", {
    detail: isClosed(retryAfter)
      ? "Too many attempts failed. A new password, chosen by mail, lets you in at once, or an administrator does."
      : "Too many attempts failed. Wait, then try again.",
    retryAfter,
  });
}

/** Whether so long a wait, in seconds, is no pause between attempts: all of them were used up. */
export function isClosed(retryAfter: number): boolean {
  return retryAfter > longestPause;
}

/** By the rules of the library, in seconds. */
const longestPause = 15 * 60;

/** Gives the reason only to who held the session; see the library's `notSignedIn`. */
export function notSignedIn(reason: EndReason | undefined): ServerProblem {
  return problem("not-signed-in", 401, "Not signed in", {
    ...(reason && { reason, detail: english.signIn.because(englishRefusals.endReasons[reason]) }),
  });
}

/** The same for every address, whether or not anybody has it. */
export function tooManyResets(retryAfter: number): ServerProblem {
  return problem("too-many-requests", 429, "Too many requests", {
    detail: "A mail was asked for too often. Wait, and look into your mailbox meanwhile.",
    retryAfter,
  });
}

export function noMail(): ServerProblem {
  return problem("no-mail", 501, "No mail", { detail: "This server is not set up to send mail." });
}

export function invalidInput(errors: readonly FieldError[]): ServerProblem {
  return problem("invalid-input", 422, "Invalid input", { errors });
}

export function malformedBody(detail: string): ServerProblem {
  return problem("malformed-body", 400, "Malformed request body", { detail });
}

export function unsupportedMediaType(expected: string): ServerProblem {
  return problem("unsupported-media-type", 415, "Unsupported media type", { detail: `Send ${expected}.` });
}

export function bodyTooLarge(): ServerProblem {
  return problem("body-too-large", 413, "Request body too large");
}

export function notFound(detail?: string): ServerProblem {
  return problem("not-found", 404, "Not found", detail === undefined ? {} : { detail });
}

export function methodNotAllowed(allowed: readonly string[]): ServerProblem {
  return problem("method-not-allowed", 405, "Method not allowed", { detail: `Use ${allowed.join(" or ")}.` });
}

/** @param ofSession whether it is this session that has too many, and not all together. */
export function tooManyStreams(ofSession: boolean): ServerProblem {
  return ofSession
    ? problem("too-many-streams", 429, "Too many streams", {
        detail: "This session has as many streams of events open as it may.",
        retryAfter: 60,
      })
    : problem("busy", 503, "Service temporarily unavailable", {
        detail: "No more streams of events are opened here at this moment.",
        retryAfter: 5,
      });
}

export function busy(retryAfter: number): ServerProblem {
  return problem("busy", 503, "Service temporarily unavailable", {
    detail: "Too many people are signing in at this moment.",
    retryAfter,
  });
}

/** As the library says it of its store. */
export function accountsUnavailable(): ServerProblem {
  return problem("store-unavailable", 503, "Service temporarily unavailable", { retryAfter: 5 });
}

export function internalError(): ServerProblem {
  return problem("internal-error", 500, "Internal server error", {
    detail: "Something went wrong on our side. It has been recorded.",
  });
}
