/** What PostgreSQL needs to search sessions, and the table of those that live elsewhere. */
import { activityPeriod } from "../../core/session-directory.ts";
import { tellingUpdatesAnew } from "./telling-schema.ts";

/** Between the quotes of this field of the client's JSON, with the escapes that `escaped` in `row.ts` makes too. */
function partOf(field: string): string {
  return `substring(client COLLATE "C" FROM $part$"${field}":"((?:[^"\\\\]|\\\\.)*)"$part$)`;
}

export const addressOfClient: string = partOf("ip");
export const userAgentOfClient: string = partOf("userAgent");

/**
 * `active_at` follows `last_seen_at` at a distance: a touch that leaves it is a HOT update, which writes no index. Its
 * default is for the sessions that nodes of an earlier release begin while they are being replaced. Sessions that are
 * there already look as if they were used at this moment, until `directoryIndexes`; no row is written here.
 */
export function directorySchema(at: string): string {
  return `ALTER TABLE ${at}coatcheck_sessions ADD COLUMN active_at bigint NOT NULL
  DEFAULT floor(extract(epoch FROM now()) * 1000);
${tellingUpdatesAnew(at)}
CREATE TABLE ${at}coatcheck_projected_sessions (
  id text COLLATE "C" PRIMARY KEY,
  created_at bigint NOT NULL,
  authenticated_at bigint NOT NULL,
  last_seen_at bigint NOT NULL,
  active_at bigint NOT NULL,
  expires_at bigint NOT NULL,
  user_id text COLLATE "C" NOT NULL,
  amr text NOT NULL,
  client text NOT NULL
) WITH (fillfactor = 80);
${projectedIndexes.map((index) => createIndex(at, index)).join("")}`;
}

/** Whether a session's place in the order of activity is none that a touch could have left. */
export const isAstray: string = `(active_at > last_seen_at OR last_seen_at - active_at >= ${activityPeriod})`;

/** Holds the table for as long as it takes: for one that is empty, or that nobody uses. It may be there in part. */
export function directoryIndexes(at: string): string {
  return `UPDATE ${at}coatcheck_sessions SET active_at = last_seen_at WHERE ${isAstray};
DROP INDEX IF EXISTS ${[formerIndex, ...sessionIndexes.map(({ name }) => name)].map((name) => at + name).join(", ")};
${sessionIndexes.map((index) => createIndex(at, index)).join("")}`;
}

/** What leads to the pages of an order, and to those who fit. */
export interface DirectoryIndex {
  readonly name: string;
  readonly table: string;
  /** What it begins with. */
  readonly key: string;
  readonly columns: string;
}

export const sessionIndexes: readonly DirectoryIndex[] = indexesOf("coatcheck_sessions");

export const projectedIndexes: readonly DirectoryIndex[] = indexesOf("coatcheck_projected_sessions");

/** By user alone: the one that gives the pages of an order too takes its place. */
export const formerIndex = "coatcheck_sessions_by_user";

function indexesOf(table: string): DirectoryIndex[] {
  const index = (by: string, key: string, columns: string) => ({
    name: `${table}_by_${by}`,
    table,
    key,
    columns,
  });
  return [
    index("user_id", "user_id", "user_id, id"),
    index("activity", "active_at", "active_at, id"),
    index("creation", "created_at", "created_at, id"),
    index("address", addressOfClient, `(${addressOfClient})`),
  ];
}

/** @param way `CONCURRENTLY` holds nobody up, takes longer, and cannot be part of a transaction. */
export function createIndex(at: string, { name, table, columns }: DirectoryIndex, way = ""): string {
  return `CREATE INDEX ${way && `${way} `}${name} ON ${at}${table} (${columns});\n`;
}
