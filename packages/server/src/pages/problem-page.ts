/** The page of a problem. It asks nobody who they are: the store that knows may be what failed. */
import type { Problem } from "coatcheck";
import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { AppEnv } from "../env.ts";
import { html } from "./html.ts";
import { publicPage } from "./layout.ts";
import { ticket } from "./parts.ts";

export function problemPage(problem: Problem, c: Context<AppEnv>): Response | Promise<Response> {
  const { problems, toStart, requestNumber } = c.var.words;
  const name = problem.type.slice(problem.type.lastIndexOf(":") + 1);
  const { title, text } = (Object.hasOwn(problems, name) && problems[name]) || problems.other;
  return publicPage(c, {
    title,
    status: problem.status as ContentfulStatusCode,
    width: "narrow",
    body: ticket({
      title,
      body: html`<p>${text}</p>
        <p><a class="button" href="/">${toStart}</a></p>
        <p class="hint">${requestNumber} <code>${c.var.requestId}</code></p>`,
    }),
  });
}
