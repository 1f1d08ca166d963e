/** Pages and what they load are sent compressed, where that tells nobody a secret (docs/decisions/0037). */
import type { Context, MiddlewareHandler } from "hono";
import { compress } from "hono/compress";
import type { AppEnv } from "./env.ts";
import { partOf } from "./pages/live-part.ts";

const compressed = compress({ contentTypeFilter: /^(?:text\/(?:html|css|javascript)|image\/svg)/ });

/**
 * A page that another site asks for is sent as it is: that site could put guesses into the address, and the length of the
 * answer would tell whoever sees it pass by whether they were right (BREACH, CVE-2013-3587).
 */
export const compression: MiddlewareHandler<AppEnv> = (c, next) =>
  isAsset(c) || isOwnWish(c) ? compressed(c, next) : next();

function isAsset(c: Context<AppEnv>): boolean {
  return c.req.path.startsWith("/assets/");
}

/** Browsers that do not say who asks are told nothing shorter. What the script of a page asks for is nobody's wish. */
function isOwnWish(c: Context<AppEnv>): boolean {
  return (
    !c.req.path.startsWith(partOf("/")) &&
    ["same-origin", "none"].includes(c.req.header("sec-fetch-site") ?? "")
  );
}
