/** `/metrics`, for those who may read it. */
import { createHash, timingSafeEqual } from "node:crypto";
import type { Context, Hono } from "hono";
import { answerProblem } from "../answer.ts";
import type { AppEnv, House } from "../env.ts";
import { isLoopback } from "../loopback.ts";
import { metricsTokenNeeded, notFound } from "../problems.ts";

/**
 * With `COATCHECK_METRICS_TOKEN`, for its bearers. Without, only while the whole server is for this machine: behind a
 * public origin a proxy on the same machine may pass on what anybody asks, and need not say so.
 */
export function metricsPage(app: Hono<AppEnv>, { metrics, metricsToken, origin }: House): void {
  const isLocalServer = isLoopback(new URL(origin).hostname);
  app.get("/metrics", async (c) => {
    if (metricsToken !== undefined && !bears(c, metricsToken)) {
      c.header("WWW-Authenticate", 'Bearer realm="metrics"');
      return answerProblem(metricsTokenNeeded(), c);
    }
    if (metricsToken === undefined && !(isLocalServer && isFromThisMachine(c))) {
      return answerProblem(notFound(), c);
    }
    return c.body(await metrics.text(), 200, { "Content-Type": metrics.contentType });
  });
}

function bears(c: Context<AppEnv>, token: string): boolean {
  const [, presented = ""] = /^Bearer +(\S+)$/i.exec(c.req.header("authorization") ?? "") ?? [];
  return timingSafeEqual(digest(presented), digest(token));
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

const passedOn = ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via"];

/** The name that was asked for counts too: another page in the same browser can give its name our address. */
function isFromThisMachine(c: Context<AppEnv>): boolean {
  const peer = c.env.incoming.socket.remoteAddress?.replace(/^::ffff:/, "") ?? "";
  const isDirect = !passedOn.some((name) => c.req.header(name) !== undefined);
  return isDirect && isLoopback(peer) && isLoopback(new URL(c.req.url).hostname);
}
