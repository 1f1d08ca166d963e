/** The API to read. */
import type { Hono } from "hono";
import type { AppEnv } from "../env.ts";
import { html } from "./html.ts";
import { publicPage } from "./layout.ts";

export function docsPage(app: Hono<AppEnv>, _document: Record<string, unknown>): void {
  app.get("/docs", (c) => publicPage(c, { title: "API", body: html`<h1>API</h1>` }));
}
