/** The running server examines itself, and how the request that asks for it arrived. For operators alone. */
import type { RequestSource } from "coatcheck";
import type { Context, Hono } from "hono";
import { answerProblem } from "../answer.ts";
import type { AppEnv, House } from "../env.ts";
import { notFound } from "../problems.ts";
import { isOperatorPass } from "./pass.ts";

export const doctorPath = "/doctor";

export function doctorRoute(app: Hono<AppEnv>, { keys, examine }: House): void {
  app.get(doctorPath, async (c) => {
    if (!isOperatorPass(keys, c.req.header("authorization"), Date.now())) return answerProblem(notFound(), c);
    return c.json({ findings: await examine(arrival(c)) });
  });
}

function arrival(c: Context<AppEnv>): RequestSource {
  return {
    remoteAddress: c.env.incoming.socket.remoteAddress,
    encrypted: false,
    header: (name) => c.req.header(name),
  };
}
