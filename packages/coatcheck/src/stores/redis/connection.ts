/** How the store speaks to Redis, through whichever client the application has. It imports none. */
import { endOfTurn } from "../../core/turn.ts";
import { earOfIoRedis, earOfNodeRedis, type Listen } from "./ear.ts";

/** What the store needs of node-redis: `createClient` or `createClientPool`. */
export interface NodeRedisClient {
  sendCommand(command: string[], options?: CommandOptions): Promise<unknown>;
}

/** What the store needs of node-redis: `createSentinel`. */
export interface NodeRedisSentinel {
  sendCommand(isReadonly: boolean, command: string[], options?: CommandOptions): Promise<unknown>;
  getMasterNode(): unknown;
}

/** What the store needs of node-redis: `createCluster`. */
export interface NodeRedisCluster {
  sendCommand(
    firstKey: string,
    isReadonly: boolean,
    command: string[],
    options?: CommandOptions,
  ): Promise<unknown>;
  readonly masters: readonly NodeRedisMaster[];
  nodeClient(master: never): NodeRedisClient | Promise<NodeRedisClient>;
}

interface NodeRedisMaster {
  readonly address: string;
}

/** What the store needs of ioredis: `Redis`, also by way of Sentinel. */
export interface IoRedis {
  readonly status: string;
  readonly options: { readonly keyPrefix?: string | undefined };
  call(command: string, ...rest: string[]): Promise<unknown>;
  connect(): Promise<unknown>;
  once(event: "ready", listener: () => void): unknown;
  off(event: "ready", listener: () => void): unknown;
}

/** What the store needs of ioredis: `Cluster`. */
export interface IoRedisCluster extends IoRedis {
  readonly options: {
    readonly keyPrefix?: string | undefined;
    readonly scaleReads?: unknown;
  };
  nodes(role: "master"): readonly IoRedisNode[];
}

interface IoRedisNode extends IoRedis {
  readonly options: {
    readonly keyPrefix?: string | undefined;
    readonly host?: string | undefined;
    readonly port?: number | undefined;
  };
}

/** A Redis client that the application has opened. */
export type RedisClient = NodeRedisClient | NodeRedisSentinel | NodeRedisCluster | IoRedis | IoRedisCluster;

interface CommandOptions {
  readonly timeout?: number;
  readonly abortSignal?: AbortSignal;
  readonly typeMapping?: object;
}

/**
 * For node-redis: replies are text, whatever the application has chosen for itself, and hashes (37, the `%` of RESP3)
 * are lists of names and values, which is the least work.
 */
const typeMapping = { 37: Array };

/** One server that takes writes. */
export interface Master {
  /** Its address; empty where there is only one. */
  readonly name: string;
  send(command: string[]): Promise<unknown>;
  /** Opens a connection of its own to this server. */
  readonly listen: Listen;
}

export interface Connection {
  /** Sends a command to the master that has this key. */
  send(key: string, command: string[]): Promise<unknown>;
  /** All masters that keys are spread over, in the order of their names. */
  masters(): Promise<readonly Master[]>;
  /** Whether a command may only name keys of one slot. */
  readonly isCluster: boolean;
}

/**
 * @param timeout how long a command may wait for the connection, in milliseconds. What was not sent by then is never
 *   sent: nobody waits for it any more, and an hour later it would be a surprise.
 * @throws TypeError if this is no client, or one that would read from replicas or rename keys.
 */
export function connectionTo(client: RedisClient, timeout: number): Connection {
  if (isIoRedis(client)) return throughIoRedis(client, timeout);
  if (typeof client?.sendCommand !== "function") {
    throw new TypeError(
      "RedisSessionStore needs a client of node-redis or ioredis: new RedisSessionStore(await createClient().connect())",
    );
  }
  return throughNodeRedis(client, waitingAtMost(timeout));
}

/** Reads go to masters too, whatever the client does otherwise: a replica may not know yet that a session ended. */
function throughNodeRedis(
  client: NodeRedisClient | NodeRedisSentinel | NodeRedisCluster,
  options: () => CommandOptions,
): Connection {
  if ("nodeClient" in client) {
    return {
      isCluster: true,
      send: (key, command) => client.sendCommand(key, false, command, options()),
      masters: () => Promise.all(client.masters.map((master) => nodeRedisMaster(client, master, options))),
    };
  }
  const listen = earOfNodeRedis(client);
  if ("getMasterNode" in client) {
    return single((command) => client.sendCommand(false, command, options()), listen);
  }
  return single((command) => client.sendCommand(command, options()), listen);
}

async function nodeRedisMaster(
  cluster: NodeRedisCluster,
  master: NodeRedisMaster,
  options: () => CommandOptions,
): Promise<Master> {
  const client = await cluster.nodeClient(master as never);
  return {
    name: master.address,
    send: (command) => client.sendCommand(command, options()),
    listen: earOfNodeRedis(client),
  };
}

/**
 * The options of a command that is not sent any more when it has waited for so long. One signal for all commands of a
 * turn of the event loop: a timer for each, as node-redis has it, costs as much as the command.
 */
function waitingAtMost(timeout: number): () => CommandOptions {
  let shared: CommandOptions | undefined;
  return () => {
    if (!shared) {
      shared = { timeout: 0, abortSignal: AbortSignal.timeout(timeout), typeMapping };
      void endOfTurn().then(() => {
        shared = undefined;
      });
    }
    return shared;
  };
}

function throughIoRedis(client: IoRedis | IoRedisCluster, timeout: number): Connection {
  if (client.options.keyPrefix) {
    throw new TypeError(
      "RedisSessionStore cannot work through an ioredis client with keyPrefix: scripts and scans do not see it. Give the store a client without one, and a prefix of its own: new RedisSessionStore(client, { prefix })",
    );
  }
  const send = patient(client, timeout);
  if (!("nodes" in client)) return single(send, earOfIoRedis(client));
  if ((client.options.scaleReads ?? "master") !== "master") {
    throw new TypeError(
      'RedisSessionStore needs scaleReads: "master": a replica may not know yet that a session ended',
    );
  }
  return {
    isCluster: true,
    send: (_, command) => send(command),
    masters: async () => client.nodes("master").map((node) => ioRedisMaster(node, timeout)),
  };
}

function ioRedisMaster(node: IoRedisNode, timeout: number): Master {
  const { host, port } = node.options;
  return { name: `${host}:${port}`, send: patient(node, timeout), listen: earOfIoRedis(node) };
}

function single(send: Master["send"], listen: Listen): Connection {
  const master: Master = { name: "", send, listen };
  return { isCluster: false, send: (_, command) => send(command), masters: async () => [master] };
}

/**
 * Sends commands when the connection is ready, and rejects those that have waited too long. Left to ioredis, commands
 * would wait in its queue for as long as the server is away, and be sent then.
 */
function patient(client: IoRedis, timeout: number): Master["send"] {
  let waiting: Promise<void> | undefined;
  return async ([name, ...rest]) => {
    if (client.status !== "ready" && client.status !== "end") {
      waiting ??= ready(client, timeout).finally(() => {
        waiting = undefined;
      });
      await waiting;
    }
    return client.call(name!, ...rest).catch(withoutCommand);
  };
}

/** ioredis adds the command to its errors, and with it the data of a session would come into the application's log. */
function withoutCommand(error: { command?: unknown }): never {
  delete error.command;
  throw error;
}

function ready(client: IoRedis, timeout: number): Promise<void> {
  // With `lazyConnect` the first command connects. What goes wrong is an "error" event, which the application hears.
  if (client.status === "wait") client.connect().catch(() => {});
  return new Promise((resolve, reject) => {
    const arrived = () => {
      clearTimeout(timer);
      resolve();
    };
    const timer = setTimeout(() => {
      client.off("ready", arrived);
      reject(new Error(`The Redis client is not connected (${client.status})`));
    }, timeout);
    client.once("ready", arrived);
  });
}

function isIoRedis(client: RedisClient): client is IoRedis | IoRedisCluster {
  return typeof (client as Partial<IoRedis> | undefined)?.call === "function";
}
