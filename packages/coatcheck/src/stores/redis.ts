/** Sessions in Redis: one server, Sentinel or a cluster, through node-redis or ioredis. */
import { keepsTime } from "../core/asked-store.ts";
import type { ChangeListener, ChangeWatch } from "../core/change-watch.ts";
import type { Finding } from "../core/finding.ts";
import type { RememberStore } from "../core/remember-store.ts";
import {
  type CountStep,
  type EndedSession,
  type EndReason,
  type InsertResult,
  type PruneStep,
  type SessionChange,
  type SessionLimit,
  type SessionRecord,
  type SessionStore,
  tombstoneLifetime,
  type UpdateCondition,
} from "../core/store.ts";
import type { ThrottleStore } from "../core/throttle-store.ts";
import { routingTag, type SessionId } from "../core/token.ts";
import { type Connection, connectionTo, type Master, type RedisClient } from "./redis/connection.ts";
import { diagnoseRedis } from "./redis/diagnosis.ts";
import { canListen } from "./redis/ear.ts";
import { escaped } from "./redis/fields.ts";
import { RedisRememberStore } from "./redis/remember.ts";
import { reaching } from "./redis/replicas.ts";
import { type Run, scriptsOn } from "./redis/script.ts";
import {
  countScript,
  deleteByUserScript,
  deleteScript,
  findByUserScript,
  insertScript,
  pruneScript,
  updateScript,
} from "./redis/scripts.ts";
import { textOf, toFound, toRecord, writtenChange } from "./redis/session-text.ts";
import { textsIn } from "./redis/texts.ts";
import { RedisThrottleStore } from "./redis/throttle.ts";
import { Walk } from "./redis/walk.ts";
import { warnOfEviction, warnOfUnheardErrors } from "./redis/warnings.ts";
import { RedisWatch } from "./redis/watch.ts";

export type {
  IoRedis,
  IoRedisCluster,
  NodeRedisClient,
  NodeRedisCluster,
  NodeRedisSentinel,
  RedisClient,
} from "./redis/connection.ts";

/** How a `RedisSessionStore` works. */
export interface RedisSessionStoreOptions {
  /** What the names of all keys begin with. Default `coatcheck:`. Neither `{` nor `}` may be in it. */
  readonly prefix?: string;
  /** How long one operation may take, in milliseconds, the wait for a connection included. Default 2000. */
  readonly timeout?: number;
  /**
   * How many replicas must have a change before it is answered (`WAIT`): it then outlives the master. Fewer reject, the
   * first in half of `timeout`. Changes at the same time share one wait; a touch waits for nobody. Default 0.
   */
  readonly replicas?: number;
}

/** A session as scripts give it. */
type Found = readonly [id: SessionId, text: unknown];
type Ended = readonly [reason: EndReason, ...Found];

/**
 * Keeps sessions in Redis 5 or later, in any number of processes.
 *
 * Each operation is one script, or one command, on the master that has the user's sessions. The client is the
 * application's: it connects and closes it, and listens to its errors. What Redis must be set to, and what it cannot
 * promise, is in docs/stores/redis.md.
 */
export class RedisSessionStore implements SessionStore {
  readonly timeout: number;
  /** Failed attempts, in the same place. */
  readonly throttle: ThrottleStore;
  /** Browsers that may come back without a password, in the same slots as their users' sessions. */
  readonly remember: RememberStore;
  readonly #prefix: string;
  readonly #redis: Connection;
  readonly #find: (key: string) => Promise<SessionRecord | EndedSession | undefined>;
  readonly #run: Run;
  /** For what must outlive the master. */
  readonly #runForGood: Run;
  readonly #walk: Walk;
  readonly #canListen: boolean;
  #settingsSeen = false;

  static {
    keepsTime(RedisSessionStore.prototype.find);
  }

  /**
   * @param client a client of node-redis (`createClient`, `createClientPool`, `createSentinel`, `createCluster`) or of
   *   ioredis (`Redis`, `Cluster`).
   * @throws TypeError if an option makes no sense, or the client reads from replicas, renames keys, or has several
   *   connections where `replicas` counts what one has written.
   */
  constructor(client: RedisClient, options: RedisSessionStoreOptions = {}) {
    const { prefix = "coatcheck:", timeout = 2_000, replicas = 0 } = options;
    if (!Number.isSafeInteger(timeout) || timeout < 1) {
      throw new TypeError("timeout must be a whole number of milliseconds from 1 on");
    }
    if (/[{}]/.test(prefix))
      throw new TypeError("prefix must contain neither { nor }: they say where keys lie");
    this.timeout = timeout;
    this.#prefix = prefix;
    this.#redis = connectionTo(client, timeout);
    this.#find = textsIn(this.#redis, foundUnder, () => this.timeout);
    this.#run = scriptsOn(this.#redis);
    this.#runForGood = scriptsOn(reaching(replicas, this.#redis, client, timeout));
    this.#walk = new Walk(this.#redis, prefix, "session");
    this.throttle = new RedisThrottleStore(this.#run, prefix);
    this.remember = new RedisRememberStore(this.#redis, this.#run, this.#runForGood, prefix);
    this.#canListen = canListen(client);
    warnOfUnheardErrors(client);
  }

  async insert(record: SessionRecord, now: number, limit?: SessionLimit): Promise<InsertResult> {
    const { id, userId, expiresAt } = record;
    if (!id.startsWith(routingTag(userId))) return this.#refuseStray(record);
    const { maximum = "", exceeded = "", replacing = "" } = limit ?? {};
    const limits = [maximum === Number.POSITIVE_INFINITY ? Number.MAX_VALUE : maximum, exceeded, replacing];
    const answer = await this.#runForGood(
      insertScript,
      [this.#sessionKey(id), this.#indexKey(userId)],
      [now, expiresAt, ...limits, now + tombstoneLifetime, textOf(record)],
    );
    if (answer === "duplicate" || answer === "limit") return { inserted: false, because: answer };
    const ended = (answer as Ended[]).map(([reason, id, text]) => ({
      reason,
      record: toRecord(id, text),
    }));
    return { inserted: true, ended };
  }

  find(id: SessionId): Promise<SessionRecord | EndedSession | undefined> {
    return this.#find(this.#sessionKey(id));
  }

  async update(
    id: SessionId,
    change: SessionChange,
    now: number,
    condition: UpdateCondition = {},
  ): Promise<boolean> {
    const { seen, data, dataVersion } = change;
    const { secret, authentication, removed, written } = writtenChange(change);
    const isTouch = !secret && !authentication && !data && dataVersion === undefined;
    const run = isTouch ? this.#run : this.#runForGood;
    const answer = await run(
      updateScript,
      [this.#sessionKey(id)],
      [
        now,
        condition.secretRevision ?? "",
        condition.dataRevision ?? "",
        seen?.lastSeenAt ?? "",
        seen?.expiresAt ?? "",
        secret,
        authentication,
        dataVersion ?? "",
        data ? 1 : 0,
        removed.length,
        ...removed,
        ...written,
      ],
    );
    return Number(answer) === 1;
  }

  async delete(id: SessionId, reason: EndReason, now: number): Promise<SessionRecord | undefined> {
    const parameters = [reason, now + tombstoneLifetime];
    const text = await this.#runForGood(deleteScript, [this.#sessionKey(id)], parameters);
    return text ? toRecord(id, text) : undefined;
  }

  async findByUser(userId: string): Promise<readonly SessionRecord[]> {
    return records(await this.#run(findByUserScript, [this.#indexKey(userId)], []));
  }

  async deleteByUser(
    userId: string,
    reason: EndReason,
    now: number,
    except?: SessionId,
  ): Promise<readonly SessionRecord[]> {
    const parameters = [except ?? "", reason, now + tombstoneLifetime];
    return records(await this.#runForGood(deleteByUserScript, [this.#indexKey(userId)], parameters));
  }

  /** A walk over the keys of each master by SCAN. Keys of others in the same database are walked over too. */
  async deleteExpired(now: number, batch: number, from?: string): Promise<PruneStep> {
    const { groups, next } = await this.#walk.step(batch, from);
    const pruned = await Promise.all(groups.map((keys) => this.#run(pruneScript, keys, [now])));
    return { expired: pruned.flatMap(records), next };
  }

  /** By SCAN, which may come upon a session twice while Redis makes room for more of them. */
  async countAlive(now: number, batch: number, from?: string): Promise<CountStep> {
    const { groups, next } = await this.#walk.step(batch, from);
    const counted = await Promise.all(groups.map((keys) => this.#run(countScript, keys, [now])));
    return { alive: counted.reduce<number>((sum, count) => sum + Number(count), 0), next };
  }

  /**
   * Of a cluster, all masters must answer, and say that it serves; the time is that of the one that is ahead. The first
   * call also warns (`COATCHECK_REDIS_EVICTION`) if Redis is set to drop keys.
   */
  async time(): Promise<number> {
    const masters = await this.#redis.masters();
    const times = await Promise.all(masters.map((master) => master.send(["TIME"])));
    if (this.#redis.isCluster) await Promise.all(masters.map(assertServing));
    if (!this.#settingsSeen) void warnOfEviction(masters);
    this.#settingsSeen = true;
    return Math.max(...times.map((time) => milliseconds(time as [string, string])));
  }

  /** Of each master: eviction, persistence, and keys without a time to live, by SCAN. */
  diagnose(): Promise<readonly Finding[]> {
    return diagnoseRedis(this.#redis, this.#prefix);
  }

  /**
   * Redis 6 or later tells it of every key that is written or vanishes, touches included, on a connection of its own to
   * each master: a duplicate of the application's.
   * @throws TypeError for a `createSentinel` of node-redis that lends no connection: that of another release.
   */
  watch(listener: ChangeListener): ChangeWatch {
    if (!this.#canListen) {
      throw new TypeError(
        "cached cannot listen through this createSentinel, which lends no connection. Use that of node-redis 5 or 6, or ioredis",
      );
    }
    return new RedisWatch(this.#redis, this.#prefix, listener);
  }

  #sessionKey(id: SessionId): string {
    return `${this.#prefix}{${id.slice(0, 3)}}:session:${id}`;
  }

  #indexKey(userId: string): string {
    return `${this.#prefix}{${routingTag(userId)}}:user:${escaped(userId)}`;
  }

  /** A session whose id was not made for this user would lie where nobody looks for the user's sessions. */
  async #refuseStray({ id }: SessionRecord): Promise<InsertResult> {
    if (await this.find(id)) return { inserted: false, because: "duplicate" };
    throw new TypeError(`Session ${id} does not begin with the routing tag of its user`);
  }
}

/** Its id is cut from the key: what was asked for may be cut from a request's header, which caches would keep alive with it. */
function foundUnder(text: unknown, key: string): SessionRecord | EndedSession | undefined {
  return toFound(key.slice(key.lastIndexOf(":") + 1) as SessionId, text);
}

function records(answer: unknown): SessionRecord[] {
  return (answer as Found[]).map(([id, text]) => toRecord(id, text));
}

/** A master of a cluster that is down answers, but not about keys. */
async function assertServing({ name, send }: Master): Promise<void> {
  const info = String(await send(["CLUSTER", "INFO"]));
  if (!info.includes("cluster_state:ok")) throw new Error(`The Redis cluster is down, says ${name}`);
}

function milliseconds([seconds, microseconds]: [string, string]): number {
  return Number(seconds) * 1_000 + Math.floor(Number(microseconds) / 1_000);
}
