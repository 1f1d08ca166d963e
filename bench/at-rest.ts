/** How many bytes sessions take where they are kept. */
import { statSync } from "node:fs";
import { Client } from "pg";
import { createClient } from "redis";

/** Of this process, what is still needed. */
export function bytesOfHeap(): number {
  globalThis.gc!();
  return process.memoryUsage().heapUsed;
}

export function bytesOfFile(path: string): number {
  return statSync(path).size;
}

/** Of the whole server. */
export async function bytesOfRedis(url: string): Promise<number> {
  const client = await createClient({ url }).connect();
  const info = await client.info("memory");
  client.destroy();
  return Number(/used_memory:(\d+)/.exec(info)![1]);
}

/** Of its tables and their indexes. */
export async function bytesOfSchema(connectionString: string, schema: string): Promise<number> {
  const client = new Client({ connectionString });
  await client.connect();
  const { rows } = await client.query(
    "SELECT sum(pg_total_relation_size(oid)) AS bytes FROM pg_class WHERE relkind = 'r' AND relnamespace = $1::regnamespace",
    [schema],
  );
  await client.end();
  return Number(rows[0].bytes);
}
