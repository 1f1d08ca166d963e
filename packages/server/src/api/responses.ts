/** How the routes of the API describe what they take and give. */
import type { z } from "@hono/zod-openapi";
import { problemSchema } from "./schemas.ts";

interface Described<T extends z.ZodType> {
  readonly description: string;
  readonly content: { readonly "application/json": { readonly schema: T } };
}

/** An answer in JSON. */
export function json<T extends z.ZodType>(description: string, schema: T): Described<T> {
  return { description, content: { "application/json": { schema } } };
}

/** A body that must be there and must be JSON. */
export function jsonBody<T extends z.ZodType>(
  schema: T,
): { readonly required: true; readonly content: { readonly "application/json": { readonly schema: T } } } {
  return { required: true, content: { "application/json": { schema } } };
}

interface DescribedProblem {
  readonly description: string;
  readonly content: { readonly "application/problem+json": { readonly schema: typeof problemSchema } };
}

const problemDescriptions = {
  400: "The body is no JSON.",
  401: "Nobody is signed in, or the credentials are wrong.",
  403: "The CSRF token is missing or wrong, the request came from another site, a stream was opened as a page, the password is wrong or must be typed again (`reauth-required`), or this is for administrators only.",
  404: "There is no such thing, or it is somebody else's.",
  409: "It is not as it must be for this; `type` says what.",
  413: "The body is larger than 16 KiB.",
  415: "The body is not declared as application/json.",
  422: "The body does not fit; `errors` says where.",
  429: "Too many attempts. Try again after `Retry-After` seconds.",
  501: "This server is not set up to send mail.",
  503: "Try again after `Retry-After` seconds. Nobody was signed out.",
} as const;

type ProblemStatus = keyof typeof problemDescriptions;

/** The problems that a route may answer with. */
export function problems<S extends ProblemStatus>(...statuses: S[]): Record<S, DescribedProblem> {
  const entries = statuses.map((status) => [
    status,
    {
      description: problemDescriptions[status],
      content: { "application/problem+json": { schema: problemSchema } },
    },
  ]);
  return Object.fromEntries(entries) as Record<S, DescribedProblem>;
}
