/** The connection to Redis. */
import type { Warn } from "coatcheck";
import type { NodeRedisClient } from "coatcheck/redis";
import { reasonOf } from "./storage-error.ts";

export interface RedisConnection {
  readonly client: NodeRedisClient;
  close(): void;
}

/** How long to wait for a connection, or for an answer to the question whether somebody is there, in milliseconds. */
const patience = 2_000;
const longestPause = 1_000;

/**
 * Connects, and from then on again and again whenever the connection is lost. Commands wait for that no longer than
 * the store's timeout.
 * @throws what the first attempt failed with.
 */
export async function connectRedis(url: string, warn: Warn): Promise<RedisConnection> {
  const { createClient } = await import("redis");
  const outage = new Outage(warn);
  const client = createClient({
    url,
    name: "coatcheck-server",
    socket: {
      connectTimeout: patience,
      reconnectStrategy: (attempt, cause) =>
        outage.isPossible ? Math.min(50 * 2 ** attempt, longestPause) : cause,
    },
  });
  // Without a listener the event would end the process.
  client.on("error", (error: Error) => outage.goesOn(reasonOf(error)));
  client.on("ready", () => outage.ends());
  await answered(client.connect(), () => client.destroy());
  const watch = setInterval(reconnectIfSilent, patience).unref();
  let isAsking = false;

  /** A server that vanished says no goodbye. Left to the system, commands would be sent to it for many minutes. */
  async function reconnectIfSilent(): Promise<void> {
    if (isAsking) return;
    isAsking = true;
    let isSilent = false;
    const silence = () => {
      isSilent = true;
    };
    await answered(client.ping(), silence).catch(() => {});
    isAsking = false;
    if (!isSilent || !client.isOpen) return;
    outage.goesOn("It does not answer");
    client.destroy();
    client.connect().catch(() => {});
  }

  return {
    client,
    close: () => {
      clearInterval(watch);
      if (client.isOpen) client.destroy();
    },
  };
}

/** Tells of an outage once when it begins and once when it is over, however many attempts fail meanwhile. */
class Outage {
  readonly #warn: Warn;
  #wasReady = false;
  #isTold = false;

  constructor(warn: Warn) {
    this.#warn = warn;
  }

  /** There has been a connection that can be lost. */
  get isPossible(): boolean {
    return this.#wasReady;
  }

  goesOn(reason: string): void {
    if (this.#wasReady && !this.#isTold) this.#warn(`The connection to Redis was lost: ${reason}`);
    this.#isTold = this.#wasReady;
  }

  ends(): void {
    if (this.#isTold) this.#warn("The connection to Redis is back");
    this.#isTold = false;
    this.#wasReady = true;
  }
}

/** Where the client itself would wait for ever. */
async function answered(answer: Promise<unknown>, giveUp: () => void): Promise<void> {
  const given = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    given.reject(new Error("No answer in time"));
    giveUp();
  }, patience);
  try {
    await Promise.race([answer, given.promise]);
  } finally {
    clearTimeout(timer);
  }
}
