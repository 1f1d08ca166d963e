/** Fills tables of PostgreSQL with copies of the sessions that are there. */
import { createHash } from "node:crypto";
import { SessionToken } from "coatcheck";
import { Client } from "pg";
import type { Member } from "./crowds.ts";
import type { Place } from "./stores.ts";

const idLength = 25;
const tagLength = 3;

/**
 * Each copy of a session is another one, and that of another user: who has ten sessions is copied to somebody who has
 * ten. Afterwards there are `times` as many.
 */
export async function copySessions({ name, databases }: Place, times: number): Promise<void> {
  const client = new Client({ connectionString: databases.postgres });
  await client.connect();
  const table = `${name}.coatcheck_sessions`;
  const { rows } = await client.query(
    `SELECT string_agg(attname, ', ') AS columns FROM pg_attribute
    WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped AND attname NOT IN ('id', 'user_id')`,
    [table],
  );
  const { columns } = rows[0];
  await client.query(
    `INSERT INTO ${table} (id, user_id, ${columns})
    SELECT left(id, ${tagLength}) || left(encode(sha256((id || copy)::bytea), 'hex'), ${idLength - tagLength}),
      user_id || '-' || copy, ${columns}
    FROM ${table}, generate_series(2, $1::integer) AS copy`,
    [times],
  );
  await client.query(`VACUUM ANALYZE ${table}`);
  await client.end();
}

/** The copy with this number: the original is the first. It opens with the same secret. */
export function copyOf(original: Member, copy: number): Member {
  if (copy === 1) return original;
  const { crowd, userId, token } = original;
  const digest = createHash("sha256").update(`${token.id}${copy}`).digest("hex");
  const id = token.id.slice(0, tagLength) + digest.slice(0, idLength - tagLength);
  const text = id + token.reveal().slice(idLength);
  return { crowd, userId: `${userId}-${copy}`, token: SessionToken.parse(text)! };
}
