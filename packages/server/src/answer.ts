/** Says no: to programs with a problem document, to people with a page. */
import { type Problem, problemHeaders } from "coatcheck";
import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { AppEnv } from "./env.ts";
import { problemPage } from "./pages/problem-page.ts";

export function answerProblem(problem: Problem, c: Context<AppEnv>): Response | Promise<Response> {
  const { "content-type": type, ...headers } = problemHeaders(problem);
  for (const [name, value] of Object.entries(headers)) c.header(name, value);
  if (isForPeople(c)) return problemPage(problem, c);
  const document = { ...problem, requestId: c.var.requestId };
  return c.body(JSON.stringify(document), problem.status as ContentfulStatusCode, {
    "Content-Type": type!,
  });
}

function isForPeople(c: Context<AppEnv>): boolean {
  return !c.req.path.startsWith("/api/") && (c.req.header("accept") ?? "").includes("text/html");
}
