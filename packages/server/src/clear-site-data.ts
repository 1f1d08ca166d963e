/** What a browser should forget when somebody signs out. */
import type { Context } from "hono";
import type { AppEnv } from "./env.ts";

/**
 * Only storage: "cookies" would reach the whole registrable domain, other applications included, and our own cookie
 * is cleared by name.
 */
export function clearSiteData(c: Context<AppEnv>): void {
  c.header("Clear-Site-Data", '"storage"');
}
