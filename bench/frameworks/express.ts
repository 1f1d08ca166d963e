/** The measured route on Express. */
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { coatcheck, requireSession, sessionOf } from "coatcheck/express";
import application from "express";
import type { Framework } from "../routes.ts";

export const express: Framework = {
  async serve(way, sessions) {
    const app = application();
    if (way === "empty") app.use((_req, _res, next) => next());
    if (way === "ignored" || way === "guarded") app.use(coatcheck(sessions));
    if (way === "guarded") {
      app.get("/", requireSession(), (req, res) => void res.json({ userId: sessionOf(req).userId }));
    } else app.get("/", (_req, res) => void res.json({ userId: "user-0000" }));

    const server = app.listen(0, "127.0.0.1");
    await once(server, "listening");
    return (server.address() as AddressInfo).port;
  },
};
