/** Remembered browsers in Redis. */
import { sessionsOf } from "../../core/remember-record.ts";
import type {
  RememberChange,
  RememberPruneStep,
  RememberRecord,
  RememberStore,
} from "../../core/remember-store.ts";
import { routingTag, type SessionId } from "../../core/token.ts";
import type { Connection } from "./connection.ts";
import { escaped } from "./fields.ts";
import { fieldsOf, secretText, toRecord } from "./remember-fields.ts";
import {
  deleteBySessionScript,
  deleteByUserScript,
  deleteScript,
  findBySessionScript,
  findByUserScript,
  insertScript,
  pruneScript,
  updateScript,
} from "./remember-scripts.ts";
import type { Run } from "./script.ts";
import { Walk } from "./walk.ts";

/** A record as scripts give it. */
type Found = readonly [id: SessionId, fields: unknown];

/**
 * A record is a hash; each of its sessions is a key that names it; a user has an index. All of them begin with the
 * user's routing tag, so that each operation is one script on one slot, with or without the user at hand.
 */
export class RedisRememberStore implements RememberStore {
  readonly #redis: Connection;
  readonly #run: Run;
  /** For what must outlive the master. */
  readonly #runForGood: Run;
  readonly #walk: Walk;
  readonly #prefix: string;

  constructor(redis: Connection, run: Run, runForGood: Run, prefix: string) {
    this.#redis = redis;
    this.#run = run;
    this.#runForGood = runForGood;
    this.#walk = new Walk(redis, prefix, "remember");
    this.#prefix = prefix;
  }

  async insert(record: RememberRecord, now: number): Promise<boolean> {
    const { id, userId, expiresAt } = record;
    const sessions = sessionsOf(record);
    if (![id, ...sessions].every((each) => each.startsWith(routingTag(userId)))) {
      return this.#refuseStray(record);
    }
    const keys = [
      this.#recordKey(id),
      this.#indexKey(userId),
      ...sessions.map((each) => this.#sessionKey(each)),
    ];
    return Number(await this.#runForGood(insertScript, keys, [now, expiresAt, ...fieldsOf(record)])) === 1;
  }

  async find(id: SessionId): Promise<RememberRecord | undefined> {
    const key = this.#recordKey(id);
    return toRecord(id, await this.#redis.send(key, ["HGETALL", key]));
  }

  async findBySession(sessionId: SessionId): Promise<RememberRecord | undefined> {
    return one(await this.#run(findBySessionScript, [this.#sessionKey(sessionId)], []));
  }

  async findByUser(userId: string): Promise<readonly RememberRecord[]> {
    return all(await this.#run(findByUserScript, [this.#indexKey(userId)], []));
  }

  async update(
    id: SessionId,
    { secret, sessionId, lastUsedAt }: RememberChange,
    now: number,
    secretRevision: number,
  ): Promise<boolean> {
    if (sessionId !== undefined && tagOf(sessionId) !== tagOf(id)) throw stray(sessionId);
    const keys = [this.#recordKey(id), ...(sessionId === undefined ? [] : [this.#sessionKey(sessionId)])];
    const parameters = [now, secretRevision, sessionId ?? "", lastUsedAt ?? "", secretText(secret)];
    return Number(await this.#runForGood(updateScript, keys, parameters)) === 1;
  }

  async delete(id: SessionId): Promise<RememberRecord | undefined> {
    return one(await this.#runForGood(deleteScript, [this.#recordKey(id)], []));
  }

  async deleteBySession(sessionId: SessionId): Promise<RememberRecord | undefined> {
    return one(await this.#runForGood(deleteBySessionScript, [this.#sessionKey(sessionId)], []));
  }

  async deleteByUser(userId: string, except?: SessionId): Promise<readonly RememberRecord[]> {
    return all(await this.#runForGood(deleteByUserScript, [this.#indexKey(userId)], [except ?? ""]));
  }

  /** A walk over the keys of each master by SCAN, as that over the sessions. */
  async deleteExpired(now: number, batch: number, from?: string): Promise<RememberPruneStep> {
    const { groups, next } = await this.#walk.step(batch, from);
    const counts = await Promise.all(groups.map((keys) => this.#run(pruneScript, keys, [now])));
    return { removed: counts.reduce<number>((sum, count) => sum + Number(count), 0), next };
  }

  #recordKey(id: SessionId): string {
    return `${this.#prefix}{${tagOf(id)}}:remember:${id}`;
  }

  #sessionKey(sessionId: SessionId): string {
    return `${this.#prefix}{${tagOf(sessionId)}}:remember-session:${sessionId}`;
  }

  #indexKey(userId: string): string {
    return `${this.#prefix}{${routingTag(userId)}}:remember-user:${escaped(userId)}`;
  }

  /** What was not made for this user would lie where nobody looks for it. */
  async #refuseStray({ id }: RememberRecord): Promise<boolean> {
    if (await this.find(id)) return false;
    throw stray(id);
  }
}

function tagOf(id: SessionId): string {
  return id.slice(0, 3);
}

function one(answer: unknown): RememberRecord | undefined {
  return answer ? toRecord(...(answer as Found)) : undefined;
}

function all(answer: unknown): RememberRecord[] {
  return (answer as Found[]).map((found) => one(found)!);
}

function stray(id: SessionId): TypeError {
  return new TypeError(
    `The remembered browser of ${id}: id and sessions must begin with the routing tag of the user`,
  );
}
