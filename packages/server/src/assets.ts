/** The few files that pages load. Their names carry a hash of their content, so that browsers may keep them for ever. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { extname } from "node:path";
import type { Hono } from "hono";
import type { AppEnv } from "./env.ts";

const types: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
};

interface Asset {
  readonly url: string;
  readonly type: string;
  readonly body: string;
}

type AssetName =
  | "style"
  | "icon"
  | "backGuard"
  | "codeFromLink"
  | "idleWarning"
  | "livePart"
  | "passwordReveal"
  | "sessionEnd"
  | "tryCalls"
  | "waitCountdown";

const files: Readonly<Record<AssetName, Asset>> = {
  style: load("style.css"),
  icon: load("icon.svg"),
  backGuard: load("back-guard.js"),
  codeFromLink: load("code-from-link.js"),
  idleWarning: load("idle-warning.js"),
  livePart: load("live-part.js"),
  passwordReveal: load("password-reveal.js"),
  sessionEnd: load("session-end.js"),
  tryCalls: load("try-calls.js"),
  waitCountdown: load("wait-countdown.js"),
};

/** The addresses to link to. */
export const assets: Readonly<Record<AssetName, string>> = Object.fromEntries(
  Object.entries(files).map(([name, { url }]) => [name, url]),
) as Record<AssetName, string>;

export function serveAssets(app: Hono<AppEnv>): void {
  for (const { url, type, body } of Object.values(files)) {
    app.get(url, (c) =>
      c.body(body, 200, { "Content-Type": type, "Cache-Control": "public, max-age=31536000, immutable" }),
    );
  }
}

function load(name: string): Asset {
  const body = readFileSync(new URL(`./assets/${name}`, import.meta.url), "utf8");
  const hash = createHash("sha256").update(body).digest("hex").slice(0, 12);
  const extension = extname(name);
  const type = types[extension]!;
  return { url: `/assets/${name.slice(0, -extension.length)}.${hash}${extension}`, type, body };
}
