/**
 * What the store asks of PostgreSQL: each operation is one statement, and so one atomic step.
 *
 * No two of them can be in a deadlock. Who changes several sessions of a user holds that user's lock; who changes one
 * session holds nothing else that anybody could be waiting for; and who touches many, or prunes, does not wait for rows
 * that others hold.
 */
import { createHash } from "node:crypto";
import { activityPeriod } from "../../core/session-directory.ts";
import { prefix } from "./name.ts";
import { endedText, recordColumns, recordText } from "./row.ts";

/** A statement under the name by which connections remember it. */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

export type Statements = Readonly<
  Record<
    | "find"
    | "findByUser"
    | "insert"
    | "update"
    | "touch"
    | "delete"
    | "deleteByUser"
    | "deleteExpired"
    | "deleteExpiredEnded"
    | "countAlive"
    | "time",
    Statement
  >
>;

/** The statements for tables in this schema. */
export function statements(schema: string | undefined): Statements {
  const sessions = `${prefix(schema)}coatcheck_sessions`;
  const ended = `${prefix(schema)}coatcheck_ended_sessions`;
  const names = Object.keys(recordColumns);
  const columns = names.join(", ");
  const values = Object.values(recordColumns).map((type, index) => `$${index + 1}::${type}`);
  const lastSeenAt = values[names.indexOf("last_seen_at")];
  const gone = `session.id, session.family_hash, ${recordText("session")} AS record`;
  // What `insert` is told besides the record.
  const limitTypes = ["bigint", "boolean", "bigint", "text", "boolean", "bigint"];
  const [now, limited, maximum, replacing, refuse, until] = limitTypes.map(
    (type, index) => `$${names.length + index + 1}::${type}`,
  );

  return named({
    /**
     * For many ids in one turn: each is looked up among the live sessions, and only if it is not there among the
     * ended. They come as JSON because PostgreSQL guesses the same number of them each time, and so keeps its plan:
     * the length of an array would make it plan anew whenever there are few, at two to three times the cost.
     */
    find: `
      SELECT found.id, found.text
      FROM json_array_elements_text($1::json) WITH ORDINALITY AS asked (id, place)
      CROSS JOIN LATERAL (
        SELECT session.id, ${recordText("session")} FROM ${sessions} AS session WHERE session.id = asked.id
        UNION ALL
        SELECT tombstone.id, ${endedText("tombstone")} FROM ${ended} AS tombstone WHERE tombstone.id = asked.id
        LIMIT 1
      ) AS found (id, text)
      ORDER BY asked.place`,

    findByUser: `SELECT id, ${recordText("session")} FROM ${sessions} AS session WHERE user_id = $1`,

    /**
     * The rule is that of `leaving` in core/record.ts. Whoever may leave is locked first: a touch that came between
     * is waited for and seen, so that nobody leaves as expired who is alive. New sessions of the user are kept out by
     * the user's lock.
     */
    insert: `
      WITH taken AS (
        SELECT FROM ${sessions} WHERE id = $1 UNION ALL SELECT FROM ${ended} WHERE id = $1
      ), own AS MATERIALIZED (
        SELECT id, created_at,
          CASE WHEN expires_at <= ${now} THEN 'expired' WHEN id = ${replacing} THEN 'replaced' END AS reason
        FROM ${sessions}
        WHERE user_id = $2 AND ${limited}
          AND (${maximum} IS NOT NULL OR expires_at <= ${now} OR id = ${replacing})
          AND NOT EXISTS (SELECT FROM taken)
        FOR UPDATE
      ), evicted AS (
        SELECT id FROM (
          SELECT id, row_number() OVER (ORDER BY created_at DESC, id DESC) AS place FROM own WHERE reason IS NULL
        ) AS staying
        WHERE place >= ${maximum}
      ), leaving AS (
        SELECT id, reason FROM own WHERE reason IS NOT NULL UNION ALL SELECT id, 'evicted' FROM evicted
      ), refused AS (
        SELECT FROM evicted WHERE ${refuse}
      ), inserted AS (
        INSERT INTO ${sessions} (${columns}, active_at)
        SELECT ${values.join(", ")}, ${lastSeenAt} WHERE NOT EXISTS (SELECT FROM taken) AND NOT EXISTS (SELECT FROM refused)
        ON CONFLICT (id) DO NOTHING
        RETURNING id
      ), gone AS (
        DELETE FROM ${sessions} AS session USING leaving
        WHERE session.id = leaving.id AND EXISTS (SELECT FROM inserted)
        RETURNING leaving.reason, ${gone}
      ), buried AS (
        INSERT INTO ${ended} (id, family_hash, reason, until)
        SELECT id, family_hash, reason, ${until} FROM gone
      )
      SELECT
        CASE
          WHEN EXISTS (SELECT FROM inserted) THEN 'inserted'
          WHEN EXISTS (SELECT FROM refused) THEN 'limit'
          ELSE 'duplicate'
        END,
        gone.reason, gone.id, gone.record
      FROM (VALUES (1)) AS answer LEFT JOIN gone ON true`,

    /**
     * A parameter that is null leaves its column as it is. What an index is about changes by a new client alone, and
     * when the order by activity is too far behind: otherwise the update is HOT.
     */
    update: `
      UPDATE ${sessions} SET
        last_seen_at = greatest(last_seen_at, $3::bigint),
        active_at = ${following("", "$3::bigint")},
        expires_at = greatest(expires_at, $4::bigint),
        secret_hash = coalesce($5, secret_hash),
        secret_issued_at = coalesce($6, secret_issued_at),
        pending = CASE WHEN $5::text IS NULL THEN pending ELSE $7::text END,
        superseded = coalesce($8, superseded),
        secret_revision = secret_revision + CASE WHEN $5::text IS NULL THEN 0 ELSE 1 END,
        authenticated_at = coalesce($9, authenticated_at),
        amr = coalesce($10, amr),
        client = coalesce($11, client),
        fingerprint = CASE WHEN $10::text IS NULL THEN fingerprint ELSE $12::text END,
        data = CASE WHEN $13::jsonb IS NULL THEN data ELSE (data - $14::text[]) || $13::jsonb END,
        data_revision = data_revision + CASE WHEN $13::jsonb IS NULL THEN 0 ELSE 1 END,
        data_version = coalesce($15, data_version)
      WHERE id = $1 AND expires_at > $2
        AND secret_revision = coalesce($16, secret_revision)
        AND data_revision = coalesce($17, data_revision)
      RETURNING 1`,

    /**
     * Many at once. None is waited for that somebody else holds, and so this is in no deadlock either: it is told as
     * null, and left to `update`. The times come as lists, beside the ids, which may come twice.
     */
    touch: `
      WITH used AS (
        SELECT id, max(last_seen_at) AS last_seen_at, max(expires_at) AS expires_at, max(now) AS now
        FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[]) AS use (id, last_seen_at, expires_at, now)
        GROUP BY id
      ), held AS MATERIALIZED (
        SELECT id FROM ${sessions} WHERE id IN (SELECT id FROM used) FOR UPDATE SKIP LOCKED
      ), touched AS (
        UPDATE ${sessions} AS session SET
          last_seen_at = greatest(session.last_seen_at, used.last_seen_at),
          active_at = ${following("session.", "used.last_seen_at")},
          expires_at = greatest(session.expires_at, used.expires_at)
        FROM used JOIN held USING (id)
        WHERE session.id = used.id AND session.expires_at > used.now
        RETURNING session.id
      )
      SELECT held.id, touched.id IS NOT NULL FROM held LEFT JOIN touched USING (id)`,

    delete: `
      WITH gone AS (
        DELETE FROM ${sessions} AS session WHERE id = $1 RETURNING ${gone}
      ), buried AS (
        INSERT INTO ${ended} (id, family_hash, reason, until) SELECT id, family_hash, $2::text, $3::bigint FROM gone
      )
      SELECT id, record FROM gone`,

    deleteByUser: `
      WITH gone AS (
        DELETE FROM ${sessions} AS session WHERE user_id = $1 AND id IS DISTINCT FROM $4::text RETURNING ${gone}
      ), buried AS (
        INSERT INTO ${ended} (id, family_hash, reason, until) SELECT id, family_hash, $2::text, $3::bigint FROM gone
      )
      SELECT id, record FROM gone`,

    deleteExpired: prune(sessions, "expires_at", { returning: `dead.id, ${recordText("dead")}` }),
    deleteExpiredEnded: prune(ended, "until"),

    countAlive: `
      SELECT count(*), max(id), count(*) FILTER (WHERE expires_at > $3::bigint)
      FROM (SELECT id, expires_at FROM ${sessions} WHERE id > $1 ORDER BY id LIMIT $2::bigint) AS seen`,

    /** Reads the version too: a node that finds no tables is not ready. */
    time: `
      SELECT version, floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint
      FROM ${prefix(schema)}coatcheck_schema`,
  });
}

/**
 * A step along the key: how many rows it saw, the last of them, and of each that it removed its key, or what is to be
 * returned. A row that somebody else holds at this moment is left to the next walk.
 */
export function prune(
  table: string,
  deadline: string,
  { key = "id", returning = `dead.${key}` }: { readonly key?: string; readonly returning?: string } = {},
): string {
  return `
    WITH seen AS MATERIALIZED (
      SELECT ${key}, ${deadline} AS deadline FROM ${table} WHERE ${key} > $1 ORDER BY ${key} LIMIT $2::bigint
    ), due AS MATERIALIZED (
      SELECT ${key} FROM ${table}
      WHERE ${key} IN (SELECT ${key} FROM seen WHERE deadline <= $3::bigint) AND ${deadline} <= $3::bigint
      FOR UPDATE SKIP LOCKED
    ), gone AS (
      DELETE FROM ${table} AS dead USING due WHERE dead.${key} = due.${key} RETURNING ${returning}
    )
    SELECT last.*, gone.* FROM (SELECT count(*), max(${key}) FROM seen) AS last LEFT JOIN gone ON true`;
}

/** What is sorted by activity follows the last use only when it is so far behind: see `activityPeriod`. */
function following(row: string, lastSeenAt: string): string {
  return `CASE WHEN ${lastSeenAt} - ${row}active_at >= ${activityPeriod} THEN ${lastSeenAt} ELSE ${row}active_at END`;
}

export function named<K extends string>(texts: Readonly<Record<K, string>>): Readonly<Record<K, Statement>> {
  const entries = Object.entries<string>(texts).map(([name, text]) => [name, statement(name, text)]);
  return Object.fromEntries(entries) as Record<K, Statement>;
}

/** Names tell the texts apart: a pooler may hand out connections on which another release has prepared its own. */
export function statement(name: string, text: string): Statement {
  const digest = createHash("sha256").update(text).digest("hex").slice(0, 12);
  return { name: `coatcheck_${name}_${digest}`, text };
}
