/** What the application has at which path. */
import type { Hono } from "hono";
import type { AppEnv } from "./env.ts";

export interface Route {
  readonly method: string;
  /** With `:name` for what differs. */
  readonly path: string;
}

/** Everything that is answered, each once; what stands before several paths left out. */
export function routesOf(app: Hono<AppEnv>): Route[] {
  const routes = app.routes.filter(({ method }) => method !== "ALL");
  return [...new Map(routes.map(({ method, path }) => [`${method} ${path}`, { method, path }])).values()];
}

/** The methods that a path has, where it has any: the difference between 404 and 405. */
export function methodsOf(app: Hono<AppEnv>, path: string): string[] {
  const found = app.routes
    .filter(({ method, path: pattern }) => method !== "ALL" && matches(pattern, path))
    .map(({ method }) => method);
  const methods = new Set(found.includes("GET") ? ["GET", "HEAD", ...found] : found);
  return [...methods].sort();
}

function matches(pattern: string, path: string): boolean {
  const wanted = pattern.split("/");
  const given = path.split("/");
  return (
    wanted.length === given.length && wanted.every((part, i) => part.startsWith(":") || part === given[i])
  );
}
