/** Which sessions are looked at: read from the query of a page, and written back into its links. */
import type { SessionSort } from "coatcheck";
import type { Context } from "hono";
import type { SessionSearch } from "../accounts/search-sessions.ts";
import type { AppEnv } from "../env.ts";

/** What an order is called in the address of a page. */
export type OrderName = SessionSort | "last-active.ascending" | "signed-in.ascending" | "user.descending";

interface Order extends Required<Pick<SessionSearch, "sort">>, Pick<SessionSearch, "direction"> {
  readonly name: OrderName;
}

/** The orders that are offered, the first by default. */
export const orders: readonly Order[] = [
  { name: "last-active", sort: "last-active" },
  { name: "last-active.ascending", sort: "last-active", direction: "ascending" },
  { name: "signed-in", sort: "signed-in" },
  { name: "signed-in.ascending", sort: "signed-in", direction: "ascending" },
  { name: "user", sort: "user" },
  { name: "user.descending", sort: "user", direction: "descending" },
];

const minute = 60_000;
const hour = 60 * minute;

/** What a span of time is called in the address of a page. */
export type TimeName = "active-10m" | "idle-10m" | "new-1h" | "old-1h" | "old-6h";

type Span = Pick<SessionSearch, "lastActive" | "signedIn">;

/** The spans of time that are offered. They end or begin before now, in milliseconds. */
export const times: Readonly<Record<TimeName, (now: number) => Span>> = {
  "active-10m": (now) => ({ lastActive: { from: now - 10 * minute } }),
  "idle-10m": (now) => ({ lastActive: { to: now - 10 * minute } }),
  "new-1h": (now) => ({ signedIn: { from: now - hour } }),
  "old-1h": (now) => ({ signedIn: { to: now - hour } }),
  "old-6h": (now) => ({ signedIn: { to: now - 6 * hour } }),
};

/** As typed. What is missing excludes nothing. */
export interface SessionFilter {
  readonly user: string;
  readonly address: string;
  readonly device: string;
  readonly time: TimeName | "";
  readonly sort: OrderName;
}

const longest = 256;

export function filterOf(typed: (name: string) => string | undefined): SessionFilter {
  const text = (name: string): string => (typed(name) ?? "").trim().slice(0, longest);
  return {
    user: text("user"),
    address: text("address"),
    device: text("device"),
    time: Object.hasOwn(times, text("time")) ? (text("time") as TimeName) : "",
    sort: orders.find(({ name }) => name === text("sort"))?.name ?? "last-active",
  };
}

export function searchOf(
  { sort, time, ...filter }: SessionFilter,
  now: number,
): Omit<SessionSearch, "limit"> {
  const { name: _, ...order } = orders.find(({ name }) => name === sort)!;
  return { ...filter, ...(time && times[time](now)), ...order };
}

export function placeIn(c: Context<AppEnv>): Pick<SessionSearch, "after" | "before"> {
  return { after: c.req.query("after"), before: c.req.query("before") };
}

/** Whether anything is excluded. */
export function isNarrowed({ user, address, device, time }: SessionFilter): boolean {
  return [user, address, device, time].some(Boolean);
}

/** What is not as it is by default. */
export function fieldsOf({ sort, ...others }: SessionFilter): [name: string, value: string][] {
  const named = { ...others, ...(sort !== "last-active" && { sort }) };
  return Object.entries(named).filter(([, value]) => value !== "");
}

/** The page that shows these, with more in its query. */
export function sessionsPath(
  filter: SessionFilter,
  more: Readonly<Record<string, string>> = {},
  path: string = "/admin/sessions",
): string {
  const query = new URLSearchParams([...fieldsOf(filter), ...Object.entries(more)]).toString();
  return query ? `${path}?${query}` : path;
}
