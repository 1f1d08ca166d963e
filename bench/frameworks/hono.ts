/** The measured route on Hono. */
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import { coatcheck, requireSession } from "coatcheck/hono";
import { Hono } from "hono";
import type { Framework } from "../routes.ts";

export const hono: Framework = {
  async serve(way, sessions) {
    const app = new Hono();
    if (way === "empty") app.use(async (_c, next) => next());
    if (way === "ignored" || way === "guarded") app.use(coatcheck(sessions));
    if (way === "guarded") app.get("/", requireSession(), (c) => c.json({ userId: c.var.session.userId }));
    else app.get("/", (c) => c.json({ userId: "user-0000" }));

    const server = createAdaptorServer({ fetch: app.fetch });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return (server.address() as AddressInfo).port;
  },
};
