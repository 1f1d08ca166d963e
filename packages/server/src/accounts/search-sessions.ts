/** Searching the sessions of everybody, page by page. */
import { setImmediate } from "node:timers/promises";
import {
  type ListedSession,
  parseDirectoryCursor,
  type SessionPage,
  type SessionQuery,
  type SessionSort,
} from "coatcheck";
import type { House } from "../env.ts";
import { type DeviceSearch, deviceSearch } from "./device-search.ts";
import type { User } from "./user.ts";

export const sessionSorts: readonly ["last-active", "signed-in", "user"] = [
  "last-active",
  "signed-in",
  "user",
];

/** As somebody asks for it. What is missing or empty excludes nothing. */
export interface SessionSearch {
  /** An address of mail, or an id. */
  readonly user?: string | undefined;
  /** An IP address, or the beginning of one up to a `.` or `:`. */
  readonly address?: string | undefined;
  /** "Firefox on Windows", "iPhone", or any part of a user agent. */
  readonly device?: string | undefined;
  readonly signedIn?: SessionQuery["signedIn"];
  readonly lastActive?: SessionQuery["lastActive"];
  readonly sort?: SessionSort | undefined;
  readonly direction?: SessionQuery["direction"] | undefined;
  /** Cursors of other pages of the same search; what is none is no place. */
  readonly after?: string | undefined;
  readonly before?: string | undefined;
  readonly limit: number;
}

export interface FoundSession extends ListedSession {
  /** Undefined if there is no such user any more. */
  readonly user: User | undefined;
}

export interface FoundSessions {
  readonly sessions: readonly FoundSession[];
  readonly next: string | undefined;
  readonly previous: string | undefined;
}

/**
 * So many steps are looked through for one page. A step is 1,000 sessions where the directory itself finds that hardly any
 * fits. Where it cannot, as with "Chrome", which is in many user agents, a step is no more than the sessions that the page
 * lacks: 5,000 in all for a page of 50, and then it is short and leads on.
 */
const mostSteps = 100;

/** More than these are not offered: whoever searches types more. */
const mostAlike = 8;

type Searched = Pick<House, "accounts" | "directory" | "sessions">;

export async function searchSessions(house: Searched, search: SessionSearch): Promise<FoundSessions> {
  const { accounts } = house;
  const { sessions, next, previous } = await filledPage(house, search);
  const ids = new Set(sessions.map(({ userId }) => userId));
  const users = new Map(
    await Promise.all(Array.from(ids, async (id) => [id, await accounts.find(id)] as const)),
  );
  return { sessions: sessions.map((each) => ({ ...each, user: users.get(each.userId) })), next, previous };
}

/** A directory gives a short page rather than let anybody wait; here the next ones fill it up. */
async function filledPage(
  { accounts, directory, sessions }: Searched,
  search: SessionSearch,
): Promise<SessionPage> {
  const device = search.device ? deviceSearch(search.device) : undefined;
  const query = { ...(await queryOf(accounts, search, device)), ...placeOf(search) };
  const now = sessions.now();
  const { before } = query;
  let page = await step(query);
  for (let steps = 1; steps < mostSteps && page.sessions.length < search.limit; steps++) {
    const onward = before === undefined ? page.next : page.previous;
    if (onward === undefined) break;
    // Others have their turn between two steps.
    await setImmediate();
    const place = before === undefined ? { after: onward } : { before: onward };
    const { after: _, before: __, ...same } = query;
    const further = await step({ ...same, ...place, limit: search.limit - page.sessions.length });
    // Nothing was left before it: this is the first page, which holds what is found already.
    if (before !== undefined && isRepeated(page, further)) {
      page = { ...page, previous: undefined };
      break;
    }
    page = joined(page, further, before);
  }
  return (search.sort ?? "last-active") === "last-active" ? inExactOrder(page, search) : page;

  async function step(asked: SessionQuery): Promise<SessionPage> {
    const found = await directory.query(asked, now);
    if (!device) return found;
    return { ...found, sessions: found.sessions.filter(({ client }) => device.fits(client.userAgent)) };
  }
}

async function queryOf(
  accounts: House["accounts"],
  { user, address, signedIn, lastActive, sort, direction, limit }: SessionSearch,
  device: DeviceSearch | undefined,
): Promise<SessionQuery> {
  return {
    limit,
    ...(user && { userId: await userIdOf(accounts, user) }),
    ...(address && { address: address.toLowerCase() }),
    ...(device && { userAgent: device.userAgent }),
    ...(signedIn && { signedIn }),
    ...(lastActive && { lastActive }),
    ...(sort && { sort }),
    ...(direction && { direction }),
  };
}

/** Whoever has no account any more is looked for by their id. */
async function userIdOf(accounts: House["accounts"], user: string): Promise<string> {
  const known = await accounts.findByEmail(user);
  if (known) return known.id;
  const [one, ...others] = await usersLike(accounts, user);
  return one && others.length === 0 ? one.id : user;
}

/** The first of those whose address contains this. */
export function usersLike(accounts: House["accounts"], part: string): Promise<User[]> {
  return accounts.list("", mostAlike, part);
}

function placeOf({ sort, after, before }: SessionSearch): Pick<SessionQuery, "after" | "before"> {
  if (after !== undefined && parseDirectoryCursor(after, sort)) return { after };
  if (before !== undefined && parseDirectoryCursor(before, sort)) return { before };
  return {};
}

function isRepeated(page: SessionPage, further: SessionPage): boolean {
  const known = new Set(page.sessions.map(({ id }) => id));
  return further.sessions.some(({ id }) => known.has(id));
}

/** The ends that lead away from the sessions of both. */
function joined(first: SessionPage, second: SessionPage, before: string | undefined): SessionPage {
  const [upper, lower] = before === undefined ? [first, second] : [second, first];
  return {
    sessions: [...upper.sessions, ...lower.sessions],
    next: before === undefined ? lower.next : (lower.next ?? upper.next),
    previous: before === undefined ? (upper.previous ?? lower.previous) : upper.previous,
  };
}

/** The order is accurate to ten minutes; within a page it can be exact. */
function inExactOrder(page: SessionPage, { direction }: SessionSearch): SessionPage {
  const sign = direction === "ascending" ? 1 : -1;
  return { ...page, sessions: page.sessions.toSorted((a, b) => sign * (a.lastSeenAt - b.lastSeenAt)) };
}
