/** PostgreSQL for tests, and PgBouncer before it, on this machine alone. */
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { chownSync, writeFileSync } from "node:fs";
import { realpath } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Client } from "pg";
import { supply } from "./need.ts";
import { childrenOf, signal } from "./processes.ts";
import { type Command, type Place, type RunningProgram, startProgram } from "./program.ts";
import { pgBouncer, postgresPrograms } from "./table.ts";

export interface RunningPostgres extends RunningProgram {
  readonly url: string;
  /** Stops all its processes where they are: connections stay open, and nobody answers. */
  freeze(): Promise<void>;
  /** Lets them go on. */
  thaw(): void;
}

/** A database that is empty, and dropped at the end. */
export interface ProvidedDatabase extends AsyncDisposable {
  readonly url: string;
}

/** Nothing need survive, and many may come at once. */
const settings = {
  listen_addresses: "localhost",
  unix_socket_directories: "",
  max_connections: "200",
  fsync: "off",
  full_page_writes: "off",
};

const initialized = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"];

/** A PostgreSQL of the test's own, which it may pause and restart. Its own settings go before those above. */
export async function startPostgres(own: Readonly<Record<string, string>> = {}): Promise<RunningPostgres> {
  const initdb = await realpath(await supply(postgresPrograms));
  const program = await startProgram((place) => postgresCommand(initdb, place, { ...settings, ...own }));
  const { start, [Symbol.asyncDispose]: end } = program;
  const url = `postgres://postgres@localhost:${program.port}/postgres`;
  let frozen: readonly number[] = [];
  const server = Object.assign(program, {
    url,
    start: async () => {
      await start();
      await ready(url);
    },
    freeze: async () => {
      frozen = await stopped(server);
    },
    thaw: () => {
      for (const pid of frozen) signal(pid, "SIGCONT");
      frozen = [];
    },
    [Symbol.asyncDispose]: async () => {
      server.thaw();
      await clientsGone(server);
      await end();
    },
  });
  try {
    await ready(url);
  } catch (error) {
    await end();
    throw error;
  }
  return server;
}

/**
 * A database of the test's own: in the server that `TEST_POSTGRES_URL` names, whose user must be allowed to create
 * databases, else in one that is started.
 */
export async function providePostgres(): Promise<ProvidedDatabase> {
  const { TEST_POSTGRES_URL: shared } = process.env;
  const server = shared ? undefined : await startPostgres();
  const address = new URL(shared ?? server!.url);
  const name = `coatcheck_test_${randomBytes(8).toString("hex")}`;
  await run(address.href, `CREATE DATABASE ${name}`);
  const url = new URL(address);
  url.pathname = name;
  return {
    url: url.href,
    [Symbol.asyncDispose]: async () => {
      if (server) await server[Symbol.asyncDispose]();
      else await run(address.href, `DROP DATABASE ${name} WITH (FORCE)`);
    },
  };
}

/** A PgBouncer in transaction mode before the database at `url`. */
export async function startPgBouncer(url: string): Promise<RunningProgram & { readonly url: string }> {
  const command = await supply(pgBouncer);
  const { hostname, port, pathname, username, password } = new URL(url);
  const program = await startProgram((place) => {
    const file = join(place.folder, "pgbouncer.ini");
    const secret = password && ` password=${decodeURIComponent(password)}`;
    const server = `host=${hostname} port=${port || 5432} user=${username}${secret}`;
    writeFileSync(file, pgBouncerSettings(server, place));
    return { command, args: [file], cwd: place.folder, user: unprivileged(place.folder), endsBy: "SIGINT" };
  });
  return Object.assign(program, { url: `postgres://anybody@localhost:${program.port}${pathname}` });
}

function postgresCommand(
  initdb: string,
  { port, folder }: Place,
  settings: Readonly<Record<string, string>>,
): Command {
  const postgres = join(dirname(initdb), "postgres");
  const set = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const inContainer = initdb.startsWith(import.meta.dirname);
  return {
    command: "sh",
    args: [
      "-ec",
      `[ -e data ] || "$0" --pgdata=data ${initialized.join(" ")}; exec "$@"`,
      initdb,
      ...[postgres, "-D", join(folder, "data"), "-p", `${port}`, ...set],
    ],
    cwd: folder,
    user: inContainer ? undefined : unprivileged(folder),
    // "Fast": SIGTERM would wait until all clients have gone.
    endsBy: "SIGINT",
  };
}

function pgBouncerSettings(server: string, { port, folder }: Place): string {
  return `
[databases]
* = ${server}
[pgbouncer]
listen_addr = localhost
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 10
max_client_conn = 200
logfile = ${join(folder, "pgbouncer.log")}
`;
}

/** Both refuse root. The folder becomes that of whoever is not. */
function unprivileged(folder: string): Command["user"] {
  if (process.getuid?.() !== 0) return undefined;
  const user = { uid: idOf("-u"), gid: idOf("-g") };
  chownSync(folder, user.uid, user.gid);
  return user;
}

function idOf(which: "-u" | "-g"): number {
  return Number(execFileSync("id", [which, "nobody"], { encoding: "utf8" }));
}

/** That its port is open says nothing yet: it may be recovering. */
async function ready(url: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await run(url, "SELECT");
      return;
    } catch (error) {
      if (attempt === 500) throw error;
      await delay(20);
    }
  }
}

/** Stops those that answer, and says which. */
async function stopped({ url, process: { pid } }: RunningPostgres): Promise<number[]> {
  const client = new Client({ connectionString: url });
  client.on("error", () => {});
  await client.connect();
  try {
    // First the one that starts the others: whoever connects while they are looked for would be answered.
    signal(pid!, "SIGSTOP");
    const { rows } = await client.query(
      "SELECT pid, pid = pg_backend_pid() AS asks FROM pg_stat_activity WHERE backend_type = 'client backend'",
    );
    const asking = rows.find(({ asks }) => asks).pid;
    const others = new Set([...rows.map((row) => row.pid), ...childrenOf(pid!)]);
    others.delete(asking);
    for (const other of others) signal(other, "SIGSTOP");
    return [pid!, ...others];
  } finally {
    // Not awaited: to end, it may need a lock that one of the stopped holds.
    client.end().catch(() => {});
  }
}

/**
 * The pools of `pg` say that they have ended before their connections have: one that the server ends meanwhile would
 * be an error that nobody listens for. Clients that stay for longer are sent away.
 */
async function clientsGone({ process: child }: RunningPostgres): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  await Promise.race([ended, delay(1_000, undefined, { ref: false })]);
}

async function run(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url });
  try {
    await client.connect();
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}
