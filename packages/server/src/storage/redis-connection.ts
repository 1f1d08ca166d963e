/** The connection to Redis. */
import type { Warn } from "coatcheck";
import type { NodeRedisClient } from "coatcheck/redis";
import { reasonOf } from "./storage-error.ts";

export interface RedisConnection {
  readonly client: NodeRedisClient;
  close(): void;
}

/** How long to wait for a connection, in milliseconds. */
const patience = 2_000;
const longestPause = 1_000;

/**
 * Connects, and from then on again and again whenever the connection is lost. Commands wait for that no longer than
 * the store's timeout.
 * @throws what the first attempt failed with.
 */
export async function connectRedis(url: string, warn: Warn): Promise<RedisConnection> {
  const { createClient } = await import("redis");
  let wasReady = false;
  let isDown = false;
  const client = createClient({
    url,
    name: "coatcheck-server",
    socket: {
      connectTimeout: patience,
      reconnectStrategy: (attempt, cause) => (wasReady ? Math.min(50 * 2 ** attempt, longestPause) : cause),
    },
  });
  // Without a listener the event would end the process. It comes with every attempt; once an outage is enough.
  client.on("error", (error: Error) => {
    if (wasReady && !isDown) warn(`The connection to Redis was lost: ${reasonOf(error)}`);
    isDown = true;
  });
  client.on("ready", () => {
    if (wasReady && isDown) warn("The connection to Redis is back");
    wasReady = true;
    isDown = false;
  });
  await answered(client.connect(), () => client.destroy());
  return { client, close: () => client.destroy() };
}

/** A server that takes the connection and says nothing is not given up by the client itself. */
async function answered(connected: Promise<unknown>, destroy: () => void): Promise<void> {
  const given = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    given.reject(new Error("No answer in time"));
    destroy();
  }, patience);
  try {
    await Promise.race([connected, given.promise]);
  } finally {
    clearTimeout(timer);
  }
}
