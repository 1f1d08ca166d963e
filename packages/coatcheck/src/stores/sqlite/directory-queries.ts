/** What a directory asks of SQLite. Each statement names its index, so that none of them can come to read a whole table. */
import type { SQLInputValue } from "node:sqlite";
import {
  type DirectoryPlace,
  type DirectoryWalk,
  directoryColumns,
  few,
  reach,
} from "../../core/directory-page.ts";
import { activityPeriod, type SessionQuery, type SessionSort } from "../../core/session-directory.ts";
import { userColumn } from "./row.ts";

export interface DirectoryStatement {
  readonly sql: string;
  readonly values: readonly SQLInputValue[];
}

type Condition = readonly [sql: string, ...values: SQLInputValue[]];

const orders: Readonly<Record<SessionSort, { readonly column: string; readonly index: string }>> = {
  "last-active": { column: "active_at", index: "by_activity" },
  "signed-in": { column: "created_at", index: "by_creation" },
  user: { column: "user_id", index: "by_user" },
};

/** What of a query leads straight to those that fit; `undefined` if nothing does. */
export function selectionOf({ userId, address }: SessionQuery): Selection | undefined {
  if (userId !== undefined) return { index: "by_user", condition: isOfUser(userId) };
  return address === undefined ? undefined : { index: "by_address", condition: isAt(address) };
}

export interface Selection {
  readonly index: string;
  readonly condition: Condition;
}

/** How many a selection leads to; one more than a few stands for all that are more. */
export function countOf(
  table: string,
  { index, condition: [sql, ...values] }: Selection,
): DirectoryStatement {
  return {
    sql: `SELECT count(*) FROM (SELECT 1 FROM ${table} INDEXED BY ${table}_${index} WHERE ${sql} LIMIT ${few + 1})`,
    values,
  };
}

/** Those of a selection that fit, sorted. */
export function gathered(
  table: string,
  { index }: Selection,
  query: SessionQuery,
  walk: DirectoryWalk,
  now: number,
): DirectoryStatement {
  return rowsOf(table, index, query, walk, [...beyond(walk), ...fitting(query, now)]);
}

/** The last of those that one walk looks at. */
export function endOf(table: string, query: SessionQuery, walk: DirectoryWalk): DirectoryStatement {
  const { column, index } = orders[walk.sort];
  const { where, values } = joined([...beyond(walk), ...inOrder(query, walk)]);
  return {
    sql: `SELECT ${column}, id FROM ${table} INDEXED BY ${table}_${index} WHERE ${where}
      ORDER BY ${column} ${way(walk)}, id ${way(walk)} LIMIT 1 OFFSET ${reach - 1}`,
    values,
  };
}

/** Those that fit among what one walk looks at, in its order. */
export function walked(
  table: string,
  query: SessionQuery,
  walk: DirectoryWalk,
  end: DirectoryPlace | undefined,
  now: number,
): DirectoryStatement {
  const { column, index } = orders[walk.sort];
  const upTo: Condition[] = end
    ? [[`(${column}, id) ${walk.isDescending ? ">=" : "<="} (?, ?)`, ...valuesOf(end)]]
    : [];
  const conditions = [...beyond(walk), ...upTo, ...inOrder(query, walk), ...fitting(query, now)];
  return rowsOf(table, index, query, walk, conditions);
}

function rowsOf(
  table: string,
  index: string,
  { limit }: SessionQuery,
  walk: DirectoryWalk,
  conditions: readonly Condition[],
): DirectoryStatement {
  const { column } = orders[walk.sort];
  const { where, values } = joined(conditions);
  return {
    sql: `SELECT ${directoryColumns} FROM ${table} INDEXED BY ${table}_${index} WHERE ${where}
      ORDER BY ${column} ${way(walk)}, id ${way(walk)} LIMIT ?`,
    values: [...values, limit + 1],
  };
}

function beyond({ sort, start, isDescending }: DirectoryWalk): Condition[] {
  return start
    ? [[`(${orders[sort].column}, id) ${isDescending ? "<" : ">"} (?, ?)`, ...valuesOf(start)]]
    : [];
}

/** What ends the walk early, since it is said of what is sorted by. */
function inOrder({ userId, signedIn, lastActive }: SessionQuery, { sort }: DirectoryWalk): Condition[] {
  if (sort === "user") return userId === undefined ? [] : [isOfUser(userId)];
  if (sort === "signed-in") return within("created_at", signedIn);
  const { from, to } = lastActive ?? {};
  return within("active_at", {
    ...(from !== undefined && { from: from - activityPeriod }),
    ...(to !== undefined && { to }),
  });
}

function fitting(
  { userId, address, userAgent = [], signedIn, lastActive }: SessionQuery,
  now: number,
): Condition[] {
  return [
    ["expires_at > ?", now],
    ...(userId === undefined ? [] : [isOfUser(userId)]),
    ...(address === undefined ? [] : [isAt(address)]),
    ...(userAgent.length === 0 ? [] : [containsAll(userAgent)]),
    ...within("created_at", signedIn),
    ...within("last_seen_at", lastActive),
  ];
}

function isOfUser(userId: string): Condition {
  return ["user_id = ?", userColumn(userId)];
}

/**
 * In one statement, however many parts there are. Looks through the JSON as it is first: to read it costs three times as
 * much.
 */
function containsAll(parts: readonly string[]): Condition {
  const containing = (column: string) =>
    `NOT EXISTS (SELECT 1 FROM json_each(?) WHERE (instr(lower(${column}), lower(value)) > 0) IS NOT TRUE)`;
  const written = parts.map((part) => JSON.stringify(part).slice(1, -1));
  return [
    `${containing("client")} AND ${containing("user_agent")}`,
    JSON.stringify(written),
    JSON.stringify(parts),
  ];
}

/** `/` comes right after `.`, and `;` right after `:`. */
function isAt(address: string): Condition {
  if (!/[.:]$/.test(address)) return ["address = ?", address];
  const behind = address.slice(0, -1) + (address.endsWith(".") ? "/" : ";");
  return ["address >= ? AND address < ?", address, behind];
}

function within(
  column: string,
  { from, to }: { readonly from?: number; readonly to?: number } = {},
): Condition[] {
  return [
    ...(from === undefined ? [] : [[`${column} >= ?`, from] as const]),
    ...(to === undefined ? [] : [[`${column} < ?`, to] as const]),
  ];
}

function valuesOf({ key, id }: DirectoryPlace): SQLInputValue[] {
  return [typeof key === "string" ? userColumn(key) : key, id];
}

function joined(conditions: readonly Condition[]): {
  readonly where: string;
  readonly values: SQLInputValue[];
} {
  return {
    where: conditions.map(([sql]) => sql).join(" AND ") || "true",
    values: conditions.flatMap(([, ...values]) => values),
  };
}

function way({ isDescending }: DirectoryWalk): "DESC" | "ASC" {
  return isDescending ? "DESC" : "ASC";
}
