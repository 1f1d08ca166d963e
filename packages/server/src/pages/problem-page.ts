/** The page of a problem. It asks nobody who they are: the store that knows may be what failed. */
import type { Problem } from "coatcheck";
import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { AppEnv } from "../env.ts";
import { html } from "./html.ts";
import { publicPage } from "./layout.ts";

interface Words {
  readonly title: string;
  readonly text: string;
}

const byName: Readonly<Record<string, Words>> = {
  csrf: {
    title: "This form could not be accepted",
    text: "It was opened under another sign-in, or it did not come from this site. Nothing was changed. Go back, reload the page and try again.",
  },
  "not-found": { title: "Page not found", text: "There is nothing at this address." },
  "store-unavailable": {
    title: "Please try again in a moment",
    text: "We cannot look up your sign-in right now. You are not signed out; reload this page in a few seconds.",
  },
  "too-many-attempts": {
    title: "Please try again in a while",
    text: "Too many requests that we could not recognise came from your network. You are not signed out; reload this page in a minute.",
  },
  busy: {
    title: "Please try again in a moment",
    text: "Too many people are signing in at this moment. Reload this page in a few seconds.",
  },
  "too-many-requests": {
    title: "Please wait a while",
    text: "That mail was asked for too often. Look into your mailbox, also among the junk, and try again later.",
  },
  "internal-error": {
    title: "Something went wrong",
    text: "The mistake is ours, and it has been recorded. Try again; if it stays, tell the administrator the number below.",
  },
};

export function problemPage(problem: Problem, c: Context<AppEnv>): Response | Promise<Response> {
  const name = problem.type.slice(problem.type.lastIndexOf(":") + 1);
  const { title, text } = byName[name] ?? { title: problem.title, text: problem.detail ?? "" };
  return publicPage(c, {
    title,
    status: problem.status as ContentfulStatusCode,
    narrow: true,
    body: html`<h1>${title}</h1>
      <p>${text}</p>
      <p><a href="/">Go to the start page</a></p>
      <p class="quiet">Number of this request: <code>${c.var.requestId}</code></p>`,
  });
}
