/** Lua scripts, and how they are run. */
import { createHash } from "node:crypto";
import type { Connection } from "./connection.ts";

/** A script, and the name by which a server that has seen it knows it. */
export interface Script {
  readonly text: string;
  readonly sha: string;
}

export function script(text: string): Script {
  return { text, sha: createHash("sha1").update(text).digest("hex") };
}

/** Runs a script where its first key is. */
export type Run = (
  script: Script,
  keys: readonly string[],
  parameters: readonly (string | number)[],
) => Promise<unknown>;

/** By its name where the server knows it: after a restart or on a new server, once more as a whole. */
export function scriptsOn(redis: Connection): Run {
  return async ({ sha, text }, keys, parameters) => {
    const rest = [String(keys.length), ...keys, ...parameters.map(String)];
    try {
      return await redis.send(keys[0]!, ["EVALSHA", sha, ...rest]);
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith("NOSCRIPT"))) throw error;
      return redis.send(keys[0]!, ["EVAL", text, ...rest]);
    }
  };
}
