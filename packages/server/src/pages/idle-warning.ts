/**
 * The warning before a session ends by itself, and the way to go on. A script brings it up; what it needs to know it asks
 * here, which is no use of the session: a page that is left open keeps nobody signed in (NIST SP 800-63B-4 §5.2).
 */
import type { Session } from "coatcheck";
import type { Context, Hono } from "hono";
import { getCookie } from "hono/cookie";
import { answerProblem } from "../answer.ts";
import type { AppEnv, House } from "../env.ts";
import { notSignedIn } from "../problems.ts";
import { type Html, html } from "./html.ts";
import { requireSignIn, signInPath } from "./page-guard.ts";

/** Time enough to come back to the screen (WCAG 2.2, 2.2.1 asks for 20 seconds), in milliseconds. */
const warnBefore = 2 * 60_000;

export function idleWarning(app: Hono<AppEnv>, { sessions, ...house }: House): void {
  app.get("/session/deadline", async (c) => {
    const session = await c.var.auth.peek();
    return session ? c.json(deadlineOf(session)) : answerProblem(notSignedIn(undefined), c);
  });

  app.post("/session/stay", requireSignIn({ sessions, ...house }), async (c) => {
    await sessions.touch(c.var.identity.session);
    const session = await sessions.find(c.var.identity.session.id);
    return session ? c.json(deadlineOf(session)) : answerProblem(notSignedIn(undefined), c);
  });

  function deadlineOf({ expiresAt, createdAt }: Session): { left: number; isFinal: boolean } {
    const isFinal = expiresAt >= createdAt + sessions.policy.absoluteTimeout;
    return { left: expiresAt - sessions.now(), isFinal };
  }
}

/** Whether the browser comes back by itself when its session ends: there is nothing to warn of then. */
export function comesBack(c: Context<AppEnv>): boolean {
  return getCookie(c, "remember", "host") !== undefined;
}

/** @param csrf the field for its forms. */
export function idleDialog(c: Context<AppEnv>, csrf: Html): Html {
  const { idle, frame } = c.var.words;
  const { auth, identity } = c.var;
  const left = identity.session.expiresAt - auth.sessions.now();
  const timer = html`<strong role="timer"></strong>`;
  return html`<dialog id="idle" aria-labelledby="idle-title" data-left="${left}" data-warn-before="${warnBefore}" data-sign-in-path="${signInPath(c)}">
    <h2 id="idle-title">${idle.title}</h2>
    <p class="idle">${idle.text(timer)}</p>
    <p class="last">${idle.lastText(timer)}</p>
    <p class="error" role="alert" hidden>${idle.failed}</p>
    <div class="actions">
      <form method="post" action="/session/stay" data-stay>${csrf}<button autofocus>${idle.stay}</button></form>
      <form method="dialog" class="last"><button value="understood">${idle.understood}</button></form>
      <form method="post" action="/logout">${csrf}<button class="plain">${frame.signOut}</button></form>
    </div>
  </dialog>`;
}
