/** Whether the process lives, and whether it should be sent requests. */
import type { Hono } from "hono";
import type { AppEnv, House } from "./env.ts";

export function healthRoutes(app: Hono<AppEnv>, { sessions, accounts, isStopping }: House): void {
  app.get("/healthz", (c) => c.json({ status: "ok" }));

  app.get("/readyz", async (c) => {
    if (isStopping()) return c.json({ status: "stopping" }, 503);
    const { ready, problem } = await sessions.ready();
    if (!ready) return c.json({ status: problem }, 503);
    const answers = await accounts.isEmpty().then(
      () => true,
      () => false,
    );
    return answers ? c.json({ status: "ready" }) : c.json({ status: "accounts-unavailable" }, 503);
  });
}
