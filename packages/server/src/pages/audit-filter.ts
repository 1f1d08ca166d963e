/** What of the audit is looked at: read from the query of a page, and written back into its links. */
import type { AuditQuery } from "coatcheck";
import type { Context } from "hono";
import type { Accounts } from "../accounts/accounts.ts";
import type { AppEnv } from "../env.ts";

/** As typed. What is missing excludes nothing, and what is no day is missing. */
export interface AuditFilter {
  readonly event: string;
  /** An address or an id. */
  readonly user: string;
  /** Days of UTC, such as 2030-01-31. */
  readonly from: string;
  readonly to: string;
}

const longest = 256;
const day = 24 * 60 * 60_000;

export function filterOf(c: Context<AppEnv>): AuditFilter {
  const dayIn = (name: string): string => (startOf(typed(c, name)) === undefined ? "" : typed(c, name));
  return { event: typed(c, "event"), user: typed(c, "user"), from: dayIn("from"), to: dayIn("to") };
}

/** Whether something that is no day stands where one should: browsers that know no dates let anything be typed there. */
export function asksForNoDay(c: Context<AppEnv>): boolean {
  return ["from", "to"].some((name) => typed(c, name) !== "" && startOf(typed(c, name)) === undefined);
}

function typed(c: Context<AppEnv>, name: string): string {
  return (c.req.query(name) ?? "").trim().slice(0, longest);
}

/** Whoever has no account any more, or never had one, is looked for by their id. */
export async function queryOf(
  accounts: Accounts,
  { event, user, from, to }: AuditFilter,
): Promise<Omit<AuditQuery, "limit">> {
  const first = startOf(from);
  const last = startOf(to);
  return {
    ...(event && { event }),
    ...(user && { userId: (await accounts.findByEmail(user))?.id ?? user }),
    ...(first !== undefined && { from: first }),
    ...(last !== undefined && { to: last + day }),
  };
}

/** Begins with a question mark, or is empty. */
export function searchOf(filter: AuditFilter, more: Readonly<Record<string, string>> = {}): string {
  const named = Object.entries({ ...filter, ...more }).filter(([, value]) => value !== "");
  return named.length === 0 ? "" : `?${new URLSearchParams(named)}`;
}

function startOf(text: string): number | undefined {
  const time = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(time) ? undefined : time;
}
