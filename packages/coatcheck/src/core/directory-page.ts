/** How the pages of a directory hang together: their order, and the places between them. */
import type { ListedSession, SessionPage, SessionQuery, SessionSort } from "./session-directory.ts";
import { clientIn, isTexts, readIfWhole } from "./stored.ts";
import { parseSessionId, type SessionId } from "./token.ts";

/** Where a session stands in an order. */
export interface DirectoryPlace {
  /** The time or the user id that is sorted by. */
  readonly key: number | string;
  /** Breaks ties. */
  readonly id: SessionId;
}

/** A session in its place. */
export interface PlacedSession extends DirectoryPlace {
  readonly session: ListedSession;
}

/** How a page is walked to. */
export interface DirectoryWalk {
  readonly sort: SessionSort;
  /** Whether the walk goes down. A page before another one is walked to backwards. */
  readonly isDescending: boolean;
  readonly isBackwards: boolean;
  /** What the walk begins behind. */
  readonly start: DirectoryPlace | undefined;
}

/** How many sessions a walk looks at, where not all that it meets fit. */
export const reach: number = 1_000;

/** So many are few: they are gathered and sorted. Of more, the next ones in the order are not far. */
export const few: number = 1_000;

/** The most sessions of a page. */
const largestPage = 1_000;

/** The most texts that a user agent is searched for. */
const mostParts = 32;

/** In UTF-16 units. A user agent is kept up to here. */
const longestPart = 512;

/** @throws TypeError if a cursor is none, or there are two; if a limit or a text is out of its range. */
export function walkOf(query: SessionQuery): DirectoryWalk {
  assertBounded(query);
  const { sort = "last-active", direction, after, before } = query;
  if (after !== undefined && before !== undefined) {
    throw new TypeError("A page is after another one or before it: give one cursor");
  }
  const natural = sort === "user" ? "ascending" : "descending";
  const isBackwards = before !== undefined;
  const isDescending = ((direction ?? natural) === "descending") !== isBackwards;
  return { sort, isDescending, isBackwards, start: startOf(after ?? before, sort) };
}

/** The place that a cursor stands for; `undefined` for what is no cursor of this order. Never throws. */
export function parseDirectoryCursor(
  cursor: string,
  sort: SessionSort = "last-active",
): DirectoryPlace | undefined {
  const [key, id, ...others] = partsOf(cursor);
  const isKey = sort === "user" ? typeof key === "string" : Number.isSafeInteger(key);
  const known = typeof id === "string" ? parseSessionId(id) : undefined;
  return isKey && known && others.length === 0 ? { key: key as number | string, id: known } : undefined;
}

/**
 * The page that these make, of which one more than `limit` were looked for.
 * @param end how far the walk looked, if there may be more behind it.
 */
export function pageOf(
  found: readonly PlacedSession[],
  { limit }: SessionQuery,
  { isBackwards, start }: DirectoryWalk,
  end: DirectoryPlace | undefined,
): SessionPage {
  const shown = found.slice(0, limit);
  const onward = cursorOf(found.length > limit ? shown.at(-1) : end);
  const back = start && cursorOf(shown[0]);
  const sessions = shown.map(({ session }) => session);
  return isBackwards
    ? { sessions: sessions.reverse(), next: back, previous: onward }
    : { sessions, next: onward, previous: back };
}

/** The page that is asked for; the first one, where nothing is left before another. */
export async function pageOrFirst(
  query: SessionQuery,
  ask: (query: SessionQuery) => Promise<SessionPage>,
): Promise<SessionPage> {
  const page = await ask(query);
  const { before, ...first } = query;
  const isDeadEnd = before !== undefined && page.sessions.length === 0 && page.previous === undefined;
  return isDeadEnd ? ask(first) : page;
}

/** What a database has of a session: these columns, in this order. */
export const directoryColumns =
  "id, user_id, client, amr, created_at, authenticated_at, last_seen_at, expires_at, active_at";

/** A row as its client gives it. Numbers may be texts. */
type DirectoryRow = readonly unknown[];

/** Reads the rows of one database, which has its own way to write a user id. */
export class DirectoryRows {
  readonly #userIdOf: (column: string) => string;

  constructor(userIdOf: (column: string) => string) {
    this.#userIdOf = userIdOf;
  }

  /** Of what is sorted by, and an id. */
  place([key, id]: DirectoryRow, sort: SessionSort): DirectoryPlace {
    return { key: sort === "user" ? this.#userIdOf(String(key)) : Number(key), id: id as SessionId };
  }

  /** Of the `directoryColumns`. */
  placed(row: DirectoryRow, sort: SessionSort): PlacedSession {
    const session = this.#session(row);
    const keys = { "last-active": Number(row[8]), "signed-in": session.createdAt, user: session.userId };
    return { key: keys[sort], id: session.id, session };
  }

  /** A damaged client is none: who searches finds the session, and can end it. */
  #session(row: DirectoryRow): ListedSession {
    const [id, user, client, amr, createdAt, authenticatedAt, lastSeenAt, expiresAt] = row;
    return {
      id: id as SessionId,
      userId: this.#userIdOf(String(user)),
      client: clientIn(String(client)) ?? {},
      amr: readIfWhole(String(amr), isTexts) ?? [],
      createdAt: Number(createdAt),
      authenticatedAt: Number(authenticatedAt),
      lastSeenAt: Number(lastSeenAt),
      expiresAt: Number(expiresAt),
    };
  }
}

function assertBounded({ limit, userAgent = [] }: SessionQuery): void {
  if (!Number.isInteger(limit) || limit < 1 || limit > largestPage) {
    throw new TypeError(`limit must be a whole number from 1 to ${largestPage}`);
  }
  if (userAgent.length > mostParts || userAgent.some((part) => !(part.length <= longestPart))) {
    throw new TypeError(`userAgent must be at most ${mostParts} texts of at most ${longestPart} characters`);
  }
}

function startOf(cursor: string | undefined, sort: SessionSort): DirectoryPlace | undefined {
  if (cursor === undefined) return undefined;
  const place = parseDirectoryCursor(cursor, sort);
  if (!place) throw new TypeError("A cursor must be the next or the previous of a page of the same order");
  return place;
}

function cursorOf(place: DirectoryPlace | undefined): string | undefined {
  return place && Buffer.from(JSON.stringify([place.key, place.id])).toString("base64url");
}

function partsOf(cursor: string): readonly unknown[] {
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, "base64url").toString());
    return Array.isArray(parts) ? parts : [];
  } catch {
    return [];
  }
}
