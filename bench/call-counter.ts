/** How often the store of a running server is asked, whoever wrote it: counted where the calls arrive. */
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { Client } from "pg";
import { createClient } from "redis";

export interface Calls {
  readonly all: number;
  /** Of them, those that change something. */
  readonly writes: number;
}

export interface CallCounter {
  start(): void | Promise<void>;
  /** What was called since. */
  stop(): Calls | Promise<Calls>;
}

/** Calls of a store in this process, by the names of its methods. */
export function callsOfMethods(
  store: object,
  reading: readonly string[],
  writing: readonly string[],
): CallCounter {
  let calls = noCalls();
  const patched = new Map<string, unknown>();
  const methods = store as Record<string, (...args: unknown[]) => unknown>;
  return {
    start() {
      calls = noCalls();
      for (const name of [...reading, ...writing]) {
        const method = methods[name]!;
        patched.set(name, Object.hasOwn(store, name) ? method : undefined);
        methods[name] = (...args) => {
          count(calls, writing.includes(name));
          return method.apply(store, args);
        };
      }
    },
    stop() {
      for (const [name, own] of patched) {
        if (own === undefined) delete methods[name];
        else Object.assign(store, { [name]: own });
      }
      return calls;
    },
  };
}

/** Statements of this process, whichever connection they run on. What only begins or ends a transaction is none. */
export function callsOfSqlite(): CallCounter {
  const prototype = statementPrototype();
  const runs = ["run", "get", "all", "iterate"] as const;
  const originals = runs.map((name) => prototype[name]);
  let calls = noCalls();
  return {
    start() {
      calls = noCalls();
      for (const [at, name] of runs.entries()) {
        const original = originals[at] as (...args: unknown[]) => unknown;
        Object.assign(prototype, {
          [name](this: StatementSync, ...args: unknown[]) {
            countSql(calls, this.sourceSQL);
            return original.apply(this, args);
          },
        });
      }
    },
    stop() {
      for (const [at, name] of runs.entries()) Object.assign(prototype, { [name]: originals[at] });
      return calls;
    },
  };
}

function statementPrototype(): StatementSync {
  using database = new DatabaseSync(":memory:");
  return Object.getPrototypeOf(database.prepare("SELECT 1"));
}

/** Statements of this process, whichever connection they go over. */
export function callsOfPostgres(): CallCounter {
  const original = Client.prototype.query as (...args: unknown[]) => unknown;
  let calls = noCalls();
  return {
    start() {
      calls = noCalls();
      Client.prototype.query = function (this: Client, ...args: unknown[]) {
        const [query] = args as [string | { readonly text: string }];
        countSql(calls, typeof query === "string" ? query : query.text);
        return original.apply(this, args);
      } as typeof Client.prototype.query;
    },
    stop() {
      Client.prototype.query = original as typeof Client.prototype.query;
      return calls;
    },
  };
}

/** Commands as the server counted them: those inside a script too, the call of the script itself not. */
export function callsOfRedis(url: string): CallCounter {
  let client: Awaited<ReturnType<typeof connected>>;
  let before: Record<string, number>;
  return {
    async start() {
      client = await connected(url);
      before = await commandCounts(client);
    },
    async stop() {
      const calls = noCalls();
      for (const [command, times] of Object.entries(await commandCounts(client))) {
        const called = times - (before[command] ?? 0);
        if (called > 0 && !ofTheConnection.test(command)) {
          calls.all += called;
          if (await isWrite(client, command)) calls.writes += called;
        }
      }
      client.destroy();
      return calls;
    },
  };
}

/** What a client says to greet, to watch, and to have scripts run. */
const ofTheConnection =
  /^(info|command|client|hello|auth|select|config|ping|echo|time|script|eval|fcall|subscribe)/;

function connected(url: string) {
  return createClient({ url }).on("error", console.error).connect();
}

async function commandCounts(client: {
  info(section: string): Promise<string>;
}): Promise<Record<string, number>> {
  const lines = (await client.info("commandstats")).matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm);
  return Object.fromEntries(Array.from(lines, ([, command, calls]) => [command!, Number(calls)]));
}

async function isWrite(client: Awaited<ReturnType<typeof connected>>, command: string): Promise<boolean> {
  const [facts] = (await client.sendCommand([
    "COMMAND",
    "INFO",
    command.replace("|", " ").split(" ")[0]!,
  ])) as unknown as [[name: string, arity: number, flags: Iterable<string>]];
  return [...facts[2]].includes("write");
}

interface Counted {
  all: number;
  writes: number;
}

function noCalls(): Counted {
  return { all: 0, writes: 0 };
}

function countSql(calls: Counted, sql: string): void {
  if (/^\s*(begin|commit|rollback|savepoint|release)\b/i.test(sql)) return;
  count(calls, /\b(insert|update|delete|replace)\b/i.test(sql));
}

function count(calls: Counted, isWrite: boolean): void {
  calls.all++;
  if (isWrite) calls.writes++;
}
