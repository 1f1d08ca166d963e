/** What is set up wrongly and would not show before it hurts is told of, with the remedy. */
import type { Master } from "./connection.ts";
import { evictionPolicy } from "./eviction.ts";

/**
 * Warns if nobody listens to the errors of a client of node-redis. Asked later, since the application may be about to.
 * ioredis prints such errors by itself.
 */
export function warnOfUnheardErrors(client: object): void {
  if ("call" in client || !("listenerCount" in client)) return;
  const emitter = client as { listenerCount(event: string): number };
  setImmediate(() => {
    if (emitter.listenerCount("error") > 0) return;
    process.emitWarning(
      'Nobody listens to the errors of the Redis client, so that an outage of Redis would end this process. Add client.on("error", …)',
      { code: "COATCHECK_REDIS_ERRORS" },
    );
  });
}

/** Warns if a master is set to drop keys when its memory is full. What may not be asked is not told of. */
export async function warnOfEviction(masters: readonly Master[]): Promise<void> {
  const answers = await Promise.allSettled(masters.map((master) => master.send(["INFO", "memory"])));
  const policies = answers.map((answer) =>
    answer.status === "fulfilled" ? evictionPolicy(answer.value) : undefined,
  );
  const policy = policies.find((each) => each !== undefined);
  if (policy === undefined) return;
  process.emitWarning(
    `Redis drops keys when its memory is full (maxmemory-policy ${policy}): users are signed out, and "sign out everywhere" may miss a session. Set maxmemory-policy to noeviction`,
    { code: "COATCHECK_REDIS_EVICTION" },
  );
}
