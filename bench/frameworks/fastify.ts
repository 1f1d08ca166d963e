/** The measured route on Fastify. */
import type { AddressInfo } from "node:net";
import { coatcheck, requireSession, sessionOf } from "coatcheck/fastify";
import application from "fastify";
import type { Framework } from "../routes.ts";

export const fastify: Framework = {
  async serve(way, sessions) {
    const app = application();
    if (way === "empty") app.addHook("onRequest", async () => {});
    if (way === "ignored" || way === "guarded") await app.register(coatcheck(sessions));
    if (way === "guarded") {
      const preHandler = requireSession();
      app.get("/", { preHandler }, async (request) => ({ userId: sessionOf(request).userId }));
    } else app.get("/", async () => ({ userId: "user-0000" }));

    await app.listen({ port: 0, host: "127.0.0.1" });
    return (app.server.address() as AddressInfo).port;
  },
};
