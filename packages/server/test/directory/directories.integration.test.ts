/** The contract of directories, where sessions are in a real Redis and what is searched is in PostgreSQL. */
import { after, before, describe } from "node:test";
import { PostgresSessionStore } from "coatcheck/postgres";
import { RedisSessionStore } from "coatcheck/redis";
import { describeSessionDirectory } from "coatcheck/testing";
import { Pool } from "pg";
import { createClient } from "redis";
import { providePostgres } from "../../../../test/servers/postgres.ts";
import { provideRedis } from "../../../../test/servers/redis.ts";
import { followed } from "../../src/directory/followed-store.ts";
import { ProjectionFeed } from "../../src/directory/projection-feed.ts";

describe("sessions in Redis", () => {
  const used = new AsyncDisposableStack();
  let databaseUrl: string;
  let redisUrl: string;
  before(async () => {
    const [postgres, redis] = await Promise.all([providePostgres(), provideRedis()]);
    used.use(postgres);
    used.use(redis);
    databaseUrl = postgres.url;
    redisUrl = redis.url;
  });
  after(() => used.disposeAsync());
  let backends = 0;

  describeSessionDirectory("sessions in Redis, projected into PostgreSQL by two nodes of the server", {
    open: async () => {
      const name = `directory_${++backends}`;
      const pool = new Pool({ connectionString: databaseUrl });
      const { projection, ...database } = await migrated(pool, name);
      const clients = await Promise.all(
        [0, 1].map(() =>
          createClient({ url: redisUrl })
            .on("error", () => {})
            .connect(),
        ),
      );
      const unused = clients.map((client) => {
        const sessions = new RedisSessionStore(client, { prefix: `${name}:` });
        const feed: ProjectionFeed = new ProjectionFeed({
          store: sessions,
          projection,
          accounts: { all: async function* () {} },
          now: () => 0,
          warn: (message, cause) => {
            throw new Error(message, { cause });
          },
        });
        const store = followed(sessions, (id) => feed.notice(id));
        return { store, directory: feed.directory, settle: () => feed.flush() };
      });
      return {
        connect: () => unused.shift()!,
        close: async () => {
          await Promise.all(clients.map((client) => client.close()));
          await database.drop();
        },
      };
    },
  });
});

async function migrated(pool: Pool, schema: string) {
  const store = new PostgresSessionStore(pool, { schema, timeout: 20_000 });
  await store.migrate();
  return {
    projection: store.projection,
    drop: async () => {
      await pool.query(`DROP SCHEMA ${schema} CASCADE`);
      await pool.end();
    },
  };
}
