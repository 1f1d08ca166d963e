/**
 * A connection on which a Redis server tells which keys were written: client tracking (Redis 6) in broadcasting mode. It
 * is a duplicate of the application's connection, and the library's own.
 */

/** What is heard. */
export interface Hearing {
  /** These keys were written, or vanished in whatever way; null: all keys may have. */
  written(keys: readonly string[] | null): void;
  /** Nothing more will be heard. */
  lost(): void;
}

/**
 * Begins to listen to keys that begin with `prefix`, until it is not wanted any more. That may be before it has begun: while
 * nobody answers, a client may try for ever.
 */
export type Listen = (prefix: string, hearing: Hearing, unwanted: AbortSignal) => Promise<void>;

/** What is used of a client of node-redis beyond `sendCommand`. */
interface Duplicable {
  readonly options?: { readonly socket?: object } | undefined;
  duplicate(overrides: object): NodeRedisEar;
}

interface NodeRedisEar {
  on(event: "error" | "end", listener: () => void): unknown;
  connect(): Promise<unknown>;
  sendCommand(command: string[]): Promise<unknown>;
  subscribe(channel: string, listener: (message: unknown) => void): Promise<unknown>;
  destroy(): void;
}

/** What a pool or a Sentinel of node-redis does with one of its connections. */
type Use<T> = (lent: Duplicable) => Promise<T>;

interface Pool {
  execute<T>(use: Use<T>): Promise<T>;
}

interface Sentinel {
  _execute<T>(isReadonly: boolean, use: Use<T>): Promise<T>;
}

interface IoRedisDuplicable {
  duplicate(overrides: object): IoRedisEar;
}

interface IoRedisEar {
  on(event: "error" | "end", listener: () => void): unknown;
  on(event: "messageBuffer", listener: (channel: unknown, message: unknown) => void): unknown;
  connect(): Promise<unknown>;
  call(command: string, ...rest: string[]): Promise<unknown>;
  subscribe(channel: string): Promise<unknown>;
  disconnect(): void;
}

/** The channel that Redis tells on where a connection speaks RESP2, as both clients can. */
const channel = "__redis__:invalidate";

/** Whether a client has a connection that can be duplicated. */
export function canListen(client: object): boolean {
  return !isSentinel(client) || "_execute" in client;
}

/** A connection that broke is not used again: what was told meanwhile is lost, and whoever listens has to know. */
export function earOfNodeRedis(client: object): Listen {
  return async (prefix, hearing, unwanted) => {
    const own = await borrowed(client, (lent) =>
      lent.duplicate({
        RESP: 2,
        maintNotifications: "disabled",
        clientSideCache: undefined,
        emitInvalidate: false,
        commandOptions: undefined,
        disableOfflineQueue: false,
        socket: { ...lent.options?.socket, reconnectStrategy: false },
      }),
    );
    // What goes wrong shows in the commands, or ends the connection.
    own.on("error", () => {});
    own.on("end", () => hearing.lost());
    const close = () => own.destroy();
    return opened(close, async () => {
      await own.connect();
      // Not before: a socket that connects after that would stay open (node-redis 5).
      closeOnceUnwanted(close, unwanted);
      await track(prefix, (command) => own.sendCommand(command));
      await own.subscribe(channel, (message) => hearing.written(keysOf(message)));
    });
  };
}

export function earOfIoRedis(client: object): Listen {
  return async (prefix, hearing, unwanted) => {
    const own = (client as IoRedisDuplicable).duplicate({
      protocol: 2,
      replyMapping: undefined,
      lazyConnect: true,
      retryStrategy: () => null,
      autoResubscribe: false,
      enableReadyCheck: false,
      enableOfflineQueue: true,
      maxRetriesPerRequest: 0,
    });
    own.on("error", () => {});
    own.on("end", () => hearing.lost());
    own.on("messageBuffer", (_, message) => hearing.written(keysOf(message)));
    const close = () => own.disconnect();
    return opened(close, async () => {
      // Also before it is open: behind Sentinel it tries for ever.
      closeOnceUnwanted(close, unwanted);
      await own.connect();
      await track(prefix, ([name, ...rest]) => own.call(name!, ...rest));
      await own.subscribe(channel);
    });
  };
}

/** Where there are several connections, one is lent for a moment: of Sentinel's, one to the master. */
async function borrowed<T>(client: object, use: (lent: Duplicable) => T): Promise<T> {
  const used = async (lent: Duplicable) => ({ outcome: use(lent) });
  if (isSentinel(client)) return (await client._execute(false, used)).outcome;
  if (isPool(client)) return (await client.execute(used)).outcome;
  return use(client as Duplicable);
}

function isSentinel(client: object): client is Sentinel {
  return "getMasterNode" in client;
}

function isPool(client: object): client is Pool {
  return "execute" in client;
}

/** A connection may tell itself. */
async function track(prefix: string, send: (command: string[]) => Promise<unknown>): Promise<void> {
  const id = String(await send(["CLIENT", "ID"]));
  await send(["CLIENT", "TRACKING", "ON", "REDIRECT", id, "BCAST", "PREFIX", prefix]);
}

function closeOnceUnwanted(close: () => void, unwanted: AbortSignal): void {
  unwanted.throwIfAborted();
  unwanted.addEventListener("abort", () => quietly(close));
}

async function opened(close: () => void, open: () => Promise<void>): Promise<void> {
  try {
    await open();
  } catch (error) {
    quietly(close);
    throw error;
  }
}

/** One that never opened, or has closed already, may say so. */
function quietly(close: () => void): void {
  try {
    close();
  } catch {
    // It is closed, which is what was wanted.
  }
}

function keysOf(message: unknown): string[] | null {
  return Array.isArray(message) ? message.map(String) : null;
}
