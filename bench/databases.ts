/** The database servers of a run: started as for the tests, but set to keep what they are told. */
import { Client } from "pg";
import { createClient } from "redis";
import { startPostgres } from "../test/servers/postgres.ts";
import { startRedis } from "../test/servers/redis.ts";
import { move } from "./machine.ts";

export type DatabaseName = "redis" | "postgres";

/** Where they listen. */
export type Addresses = Readonly<Record<DatabaseName, string>>;

export interface Databases extends AsyncDisposable {
  readonly addresses: Addresses;
  readonly versions: Readonly<Record<DatabaseName, string>>;
}

/** Both, on the load's core. */
export async function startDatabases(): Promise<Databases> {
  await using stack = new AsyncDisposableStack();
  const redis = stack.use(await startDatabase("redis"));
  const postgres = stack.use(await startDatabase("postgres"));
  const running = stack.move();
  return {
    addresses: { redis: redis.address, postgres: postgres.address },
    versions: { redis: redis.version, postgres: postgres.version },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

export interface Database extends AsyncDisposable {
  readonly address: string;
  readonly version: string;
}

/** One, on the load's core. */
export async function startDatabase(name: DatabaseName): Promise<Database> {
  await using stack = new AsyncDisposableStack();
  const { url, process } = stack.use(await starts[name]());
  move(process.pid!, "load");
  const version = await versionOf[name](url);
  const running = stack.move();
  return { address: url, version, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

const starts = {
  redis: () => startRedis("--appendonly", "yes"),
  postgres: () => startPostgres({ fsync: "on", full_page_writes: "on" }),
};

const versionOf = { redis: redisVersion, postgres: postgresVersion };

async function redisVersion(url: string): Promise<string> {
  const client = await createClient({ url }).connect();
  const info = await client.info("server");
  client.destroy();
  return /redis_version:(\S+)/.exec(info)![1]!;
}

async function postgresVersion(connectionString: string): Promise<string> {
  const client = new Client({ connectionString });
  await client.connect();
  const { rows } = await client.query(
    "SELECT split_part(current_setting('server_version'), ' ', 1) AS version",
  );
  await client.end();
  return rows[0].version;
}
