/** What an answer carries because its request's cookies were looked at: new cookies, and a word to caches. */

export interface AddedHeaders {
  /** A header for each. */
  readonly "Set-Cookie": readonly string[];
  /** Undefined if nobody was recognised. What the handler says counts in its place, unless there are cookies. */
  readonly "Cache-Control": "no-store" | undefined;
  /** Beside what the handler says. */
  readonly Vary: "Cookie";
}

/**
 * The headers of an answer, as its framework shows them; `Headers` is one. Names are given in lower case: Node and Fastify
 * would make a new text of any other, and look it up.
 */
export interface HeaderFields {
  /** Several values are a list, or joined by commas. */
  get(name: string): unknown;
  set(name: string, value: string): void;
  append(name: string, value: string): void;
}

/** For an answer that depends on the cookies, without new ones. */
export const forAnybody: AddedHeaders = { "Set-Cookie": [], "Cache-Control": undefined, Vary: "Cookie" };
/** For an answer to somebody in particular, without new cookies. */
export const forOne: AddedHeaders = { "Set-Cookie": [], "Cache-Control": "no-store", Vary: "Cookie" };

/**
 * Adds them to what the handler has set, which counts: a cache must not give one person's page to another
 * (CVE-2026-27205), but a handler may know that everybody gets the same. Cookies are kept by no cache, whatever the
 * handler says (CVE-2023-30861).
 */
export function addHeaders(fields: HeaderFields, added: AddedHeaders): void {
  const cookies = added["Set-Cookie"];
  for (const cookie of cookies) fields.append("set-cookie", cookie);
  const mayBeKept = added["Cache-Control"] === undefined;
  if (!mayBeKept && (cookies.length > 0 || !fields.get("cache-control"))) {
    fields.set("cache-control", "no-store");
  }
  const own = fields.get("vary");
  if (!own) fields.set("vary", added.Vary);
  else if (!variesByCookie(String(own))) fields.set("vary", `${own}, ${added.Vary}`);
}

function variesByCookie(vary: string): boolean {
  return vary.split(",").some((name) => /^\s*(cookie|\*)\s*$/i.test(name));
}
