/** Changes that are answered when replicas have them, and so outlive the master. */
import type { Connection, RedisClient } from "./connection.ts";

/**
 * A connection whose commands are answered when so many replicas have what they wrote; with 0, as it is.
 *
 * `WAIT` speaks of what its own connection has written. So both are sent at once: on a connection that was made after a
 * failover it would count for nothing. And it is no promise of consensus: a replica that has not heard may still be the
 * one that takes over. With one replica, or all of them, nobody is left who has not.
 *
 * @throws TypeError if `count` is no number of replicas, or the client spreads commands over connections.
 */
export function reaching(count: number, redis: Connection, client: RedisClient, timeout: number): Connection {
  if (!Number.isSafeInteger(count) || count < 0) {
    throw new TypeError("replicas must be a whole number from 0 on");
  }
  if (count === 0) return redis;
  if (redis.isCluster || "clientsInUse" in client || "getMasterNode" in client) {
    throw new TypeError(
      "replicas needs a client with one connection: createClient of node-redis, or Redis of ioredis",
    );
  }
  const group = new Group(count, redis, timeout);
  return { ...redis, send: (key, command) => group.send(key, command) };
}

interface Change {
  readonly key: string;
  readonly command: string[];
  readonly since: number;
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Changes that come while others wait for replicas, and share the next wait. `WAIT` holds up all that comes after it on
 * its connection: one for each change, and what only reads would come after all of them while a replica is away.
 */
class Group {
  readonly #count: number;
  readonly #redis: Connection;
  readonly #timeout: number;
  #coming: Change[] = [];
  #isWaiting = false;
  /** The last wait fell short: those after it are brief, until one does not. */
  #isShort = false;

  constructor(count: number, redis: Connection, timeout: number) {
    this.#count = count;
    this.#redis = redis;
    this.#timeout = timeout;
  }

  send(key: string, command: string[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#coming.push({ key, command, since: performance.now(), resolve, reject });
      if (!this.#isWaiting) void this.#sendAll();
    });
  }

  async #sendAll(): Promise<void> {
    this.#isWaiting = true;
    // Changes that begin together go together.
    await undefined;
    while (this.#coming.length > 0) await this.#sendThose(this.#coming.splice(0));
    this.#isWaiting = false;
  }

  /** Resolves when their wait is over, well or not. What has come too late is not sent: nobody waits for it any more. */
  async #sendThose(changes: readonly Change[]): Promise<void> {
    const oldest = performance.now() - this.#timeout;
    for (const { reject } of changes.filter(({ since }) => since <= oldest)) {
      reject(new Error("The changes before this one waited for replicas of Redis for too long"));
    }
    const timely = changes.filter(({ since }) => since > oldest);
    if (timely.length === 0) return;
    const answers = timely.map(({ key, command }) => this.#redis.send(key, command));
    const reached = this.#reached(timely[0]!.key);
    timely.forEach(({ resolve }, i) => {
      resolve(Promise.all([answers[i], reached]).then(([answer]) => answer));
    });
    await Promise.allSettled([reached]);
  }

  /** @throws Error if fewer replicas have what was sent before. */
  async #reached(key: string): Promise<void> {
    // Brief, and yet enough for a replica in another region: otherwise one that is back would never be seen.
    const patience = Math.ceil(this.#timeout / (this.#isShort ? 20 : 2));
    const reached = await this.#redis.send(key, ["WAIT", String(this.#count), String(patience)]);
    this.#isShort = !(Number(reached) >= this.#count);
    if (this.#isShort) {
      throw new Error(
        `Of ${this.#count} replicas of Redis ${reached} have the change: it may be lost with the master`,
      );
    }
  }
}
