/** Learns from Redis itself which sessions were written: by whatever program, script or eviction. */
import { randomBytes } from "node:crypto";
import type { ChangeListener, ChangeWatch } from "../../core/change-watch.ts";
import type { SessionId } from "../../core/token.ts";
import type { Connection, Master } from "./connection.ts";

/** How long the key of a heartbeat stays, in milliseconds. */
const heartbeatLifetime = 2_000;
/** More tries than a cluster has masters are needed to find a key that one of them has. */
const maximumTries = 1_000;

/**
 * An ear at each master. A heartbeat is a key that is written where sessions are written, and heard where changes are
 * heard: it proves that this server takes writes, and that everything written before has been heard.
 */
export class RedisWatch implements ChangeWatch {
  readonly #redis: Connection;
  readonly #prefix: string;
  readonly #listener: ChangeListener;
  readonly #posts = new Map<string, Post>();
  readonly #node: string = randomBytes(9).toString("base64url");
  #closed = false;

  constructor(redis: Connection, prefix: string, listener: ChangeListener) {
    this.#redis = redis;
    this.#prefix = prefix;
    this.#listener = listener;
  }

  async prove(): Promise<void> {
    const masters = await this.#redis.masters();
    if (masters.length === 0) throw new Error("The cluster has no master that is known");
    this.#leaveOthers(masters);
    await Promise.all(masters.map((master) => this.#proveAt(master)));
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#leaveOthers([]);
  }

  async #proveAt(master: Master): Promise<void> {
    const post = this.#postAt(master);
    await post.opened;
    // The last heartbeat did not come back, and nobody knows what else did not.
    if (post.isWaiting) {
      this.#leave(post);
      throw new Error("What was written was not heard");
    }
    await post.beat();
  }

  #postAt(master: Master): Post {
    const known = this.#posts.get(master.name);
    if (known) return known;
    if (this.#closed) throw new Error("The store is not watched any more");
    const post = new Post(master, this.#prefix, this.#node, {
      changed: (id) => this.#listener.changed(id),
      anyChanged: () => this.#listener.anyChanged(),
      lost: () => this.#leave(post),
    });
    this.#posts.set(master.name, post);
    post.opened.catch(() => this.#leave(post));
    return post;
  }

  #leaveOthers(masters: readonly Master[]): void {
    const names = new Set(masters.map(({ name }) => name));
    for (const post of [...this.#posts.values()]) if (!names.has(post.name)) this.#leave(post);
  }

  /** Where another has taken its place, it was left before. */
  #leave(post: Post): void {
    if (this.#posts.get(post.name) !== post) return;
    this.#posts.delete(post.name);
    this.#listener.anyChanged();
    post.close();
  }
}

interface Told extends ChangeListener {
  lost(): void;
}

/** The ear at one master, and the heartbeat that is awaited there. */
class Post {
  /** Rejects if it cannot be, or was left before. Its client may take long to say so. */
  readonly opened: Promise<void>;
  readonly #master: Master;
  readonly #prefix: string;
  readonly #node: string;
  readonly #told: Told;
  readonly #left = new AbortController();
  #beats = 0;
  /** Stands in the names of heartbeats in place of a routing tag: in a cluster, one whose slot this master has. */
  #tag = 0;
  #awaited: { readonly key: string; readonly arrived: () => void; readonly lost: () => void } | undefined;

  constructor(master: Master, prefix: string, node: string, told: Told) {
    this.#master = master;
    this.#prefix = prefix;
    this.#node = node;
    this.#told = told;
    this.opened = this.#open();
  }

  get name(): string {
    return this.#master.name;
  }

  get isWaiting(): boolean {
    return this.#awaited !== undefined;
  }

  async beat(): Promise<void> {
    for (let attempt = 0; attempt < maximumTries; attempt++) {
      try {
        return await this.#beatOnce();
      } catch (error) {
        if (!(error instanceof Error && error.message.startsWith("MOVED"))) throw error;
        this.#awaited = undefined;
        this.#tag += 1;
      }
    }
    throw new Error(`${this.#master.name} has no slots`);
  }

  close(): void {
    this.#left.abort();
    this.#awaited?.lost();
  }

  async #open(): Promise<void> {
    await this.#master.listen(
      `${this.#prefix}{`,
      { written: (keys) => this.#hear(keys), lost: () => this.#lose() },
      this.#left.signal,
    );
    // What was written here before anybody listened was not heard.
    this.#told.anyChanged();
  }

  /** Each has a name of its own, so that a late one is not taken for the next. */
  async #beatOnce(): Promise<void> {
    // Left in the moment in which it was open, it would wait for ever.
    this.#left.signal.throwIfAborted();
    this.#beats += 1;
    const key = `${this.#prefix}{${this.#tag}}:heartbeat:${this.#node}:${this.#beats}`;
    const arrival = new Promise<void>((resolve, reject) => {
      const lost = () => reject(new Error("The connection that listens to Redis was lost"));
      this.#awaited = { key, arrived: resolve, lost };
    });
    // While it is written it may be lost, and nobody awaits it yet.
    arrival.catch(() => {});
    await this.#master.send(["SET", key, "", "PX", String(heartbeatLifetime)]);
    await arrival;
  }

  /** All keys of a message first: those of a turn of Redis come together, in no order. */
  #hear(keys: readonly string[] | null): void {
    if (!keys) {
      this.#told.anyChanged();
      return;
    }
    let isProof = false;
    for (const key of keys) {
      const id = this.#idOf(key);
      if (id) this.#told.changed(id);
      else if (key === this.#awaited?.key) isProof = true;
    }
    if (!isProof) return;
    const { arrived } = this.#awaited!;
    this.#awaited = undefined;
    arrived();
  }

  #lose(): void {
    this.#awaited?.lost();
    this.#told.lost();
  }

  /** The id in `<prefix>{abc}:session:<id>`. */
  #idOf(key: string): SessionId | undefined {
    const from = this.#prefix.length + "{abc}".length;
    return key.startsWith(":session:", from)
      ? (key.slice(from + ":session:".length) as SessionId)
      : undefined;
  }
}
