/**
 * What a directory asks of PostgreSQL. Where the planner could take a way that reads more than is wanted, a part of the
 * statement is closed to it: by `MATERIALIZED`, or a limit.
 */
import {
  type DirectoryPlace,
  type DirectoryWalk,
  directoryColumns,
  few,
  reach,
} from "../../core/directory-page.ts";
import {
  activityPeriod,
  type SessionQuery,
  type SessionSort,
  type TimeSpan,
} from "../../core/session-directory.ts";
import { addressOfClient, userAgentOfClient } from "./directory-schema.ts";
import { escaped, type Value } from "./row.ts";
import { type Statement, statement } from "./statements.ts";

export interface Asked {
  readonly statement: Statement;
  readonly values: readonly Value[];
}

const orderColumns: Readonly<Record<SessionSort, string>> = {
  "last-active": "active_at",
  "signed-in": "created_at",
  user: "user_id",
};

/** Values, numbered in the order in which they come. */
class Values {
  readonly all: Value[] = [];

  /** How a statement names this value. */
  name(value: Value, type: "bigint" | "text" | "text[]"): string {
    return `$${this.all.push(value)}::${type}`;
  }
}

/** Whether a query leads straight to those that fit. */
export function isSelective({ userId, address }: SessionQuery): boolean {
  return userId !== undefined || address !== undefined;
}

/** How many it leads to; one more than a few stands for all that are more. */
export function countOf(table: string, query: SessionQuery): Asked {
  const values = new Values();
  return {
    statement: statement(
      "directory_count",
      `SELECT count(*) FROM (SELECT FROM ${table} WHERE ${selecting(values, query)} LIMIT ${few + 1}) AS selected`,
    ),
    values: values.all,
  };
}

/** Those that it leads to and that fit, sorted, in rows like those of `walked`. */
export function gathered(table: string, query: SessionQuery, walk: DirectoryWalk, now: number): Asked {
  const values = new Values();
  const selected = `SELECT ${directoryColumns} FROM ${table} WHERE ${selecting(values, query)}`;
  const conditions = [...beyond(values, walk), ...fitting(values, query, now)].join(" AND ");
  return {
    statement: statement(
      "directory_gather",
      `WITH selected AS MATERIALIZED (${selected})
      SELECT NULL AS last_key, NULL AS last_id, ${directoryColumns} FROM selected WHERE ${conditions} ${orderOf(walk)} LIMIT ${values.name(query.limit + 1, "bigint")}`,
    ),
    values: values.all,
  };
}

/**
 * Those that fit among what one walk looks at, in its order; before each, the last of what it looks at, if there may be
 * more behind it. Both are of the same moment, so nothing can come to lie between two walks.
 */
export function walked(table: string, query: SessionQuery, walk: DirectoryWalk, now: number): Asked {
  const values = new Values();
  const column = orderColumns[walk.sort];
  const range = [...beyond(values, walk), ...inOrder(values, query, walk)].join(" AND ") || "true";
  const conditions = fitting(values, query, now).join(" AND ");
  return {
    statement: statement(
      "directory_walk",
      `WITH found AS (
        SELECT * FROM (
          SELECT ${directoryColumns} FROM ${table} WHERE ${range} ${orderOf(walk)} LIMIT ${reach}
        ) AS walked
        WHERE ${conditions} ${orderOf(walk)} LIMIT ${values.name(query.limit + 1, "bigint")}
      ), last AS (
        SELECT ${column} AS last_key, id AS last_id FROM ${table} WHERE ${range} ${orderOf(walk)}
        LIMIT 1 OFFSET ${reach - 1}
      )
      SELECT last_key, last_id, found.* FROM (VALUES (1)) AS answer LEFT JOIN last ON true LEFT JOIN found ON true
      ${orderOf(walk)}`,
    ),
    values: values.all,
  };
}

function selecting(values: Values, { userId, address }: SessionQuery): string {
  return userId === undefined ? isAt(values, address!) : isOfUser(values, userId);
}

function beyond(values: Values, walk: DirectoryWalk): string[] {
  return walk.start ? [compared(values, walk, walk.isDescending ? "<" : ">", walk.start)] : [];
}

function compared(
  values: Values,
  { sort }: DirectoryWalk,
  sign: string,
  { key, id }: DirectoryPlace,
): string {
  const place = typeof key === "string" ? values.name(escaped(key), "text") : values.name(key, "bigint");
  return `(${orderColumns[sort]}, id) ${sign} (${place}, ${values.name(id, "text")})`;
}

/** What ends the walk early, since it is said of what is sorted by. */
function inOrder(
  values: Values,
  { userId, signedIn, lastActive }: SessionQuery,
  { sort }: DirectoryWalk,
): string[] {
  if (sort === "user") return userId === undefined ? [] : [isOfUser(values, userId)];
  if (sort === "signed-in") return within(values, "created_at", signedIn);
  const { from, to } = lastActive ?? {};
  return within(values, "active_at", {
    ...(from !== undefined && { from: from - activityPeriod }),
    ...(to !== undefined && { to }),
  });
}

function fitting(
  values: Values,
  { userId, address, userAgent = [], signedIn, lastActive }: SessionQuery,
  now: number,
): string[] {
  return [
    `expires_at > ${values.name(now, "bigint")}`,
    ...(userId === undefined ? [] : [isOfUser(values, userId)]),
    ...(address === undefined ? [] : [isAt(values, address)]),
    ...(userAgent.length === 0 ? [] : [containsAll(values, userAgent)]),
    ...within(values, "created_at", signedIn),
    ...within(values, "last_seen_at", lastActive),
  ];
}

function isOfUser(values: Values, userId: string): string {
  return `user_id = ${values.name(escaped(userId), "text")}`;
}

/** In one statement, however many parts there are. */
function containsAll(values: Values, parts: readonly string[]): string {
  const name = values.name(parts.map(escaped), "text[]");
  return `NOT EXISTS (
    SELECT FROM unnest(${name}) AS part
    WHERE (strpos(lower(${userAgentOfClient}), lower(part COLLATE "C")) > 0) IS NOT TRUE
  )`;
}

/** `/` comes right after `.`, and `;` right after `:`. */
function isAt(values: Values, address: string): string {
  const compare = (sign: string, text: string) =>
    `${addressOfClient} ${sign} ${values.name(escaped(text), "text")}`;
  if (!/[.:]$/.test(address)) return compare("=", address);
  const behind = address.slice(0, -1) + (address.endsWith(".") ? "/" : ";");
  return `${compare(">=", address)} AND ${compare("<", behind)}`;
}

function within(values: Values, column: string, { from, to }: TimeSpan = {}): string[] {
  return [
    ...(from === undefined ? [] : [`${column} >= ${values.name(from, "bigint")}`]),
    ...(to === undefined ? [] : [`${column} < ${values.name(to, "bigint")}`]),
  ];
}

function orderOf({ sort, isDescending }: DirectoryWalk): string {
  const way = isDescending ? "DESC" : "ASC";
  return `ORDER BY ${orderColumns[sort]} ${way}, id ${way}`;
}
