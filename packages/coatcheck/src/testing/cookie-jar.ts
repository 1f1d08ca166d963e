/**
 * What a browser keeps of `Set-Cookie`, as far as sessions depend on it (RFC 10025 §5.6 and §5.7). For one host, and that
 * is this machine: as browsers do there, it takes and sends Secure cookies on plain http.
 */
interface Cookie {
  readonly name: string;
  readonly value: string;
  readonly path: string;
}

export class CookieJar {
  readonly #cookies = new Map<string, Cookie>();

  /** Keeps, replaces or removes a cookie. What browsers refuse, it ignores. */
  store(setCookie: string): void {
    const { name, value, attributes } = parse(setCookie);
    const path = attributes.get("path") ?? "/";
    if (isRefused(name, attributes, path)) return;
    const key = `${name};${path};${attributes.get("domain") ?? ""}`;
    if (Number(attributes.get("max-age") ?? 1) <= 0) this.#cookies.delete(key);
    else this.#cookies.set(key, { name, value, path });
  }

  /** The `Cookie` header for a path; undefined if there is nothing to send. */
  header(path: string): string | undefined {
    const sent = [...this.#cookies.values()].filter((cookie) => isBelow(path, cookie.path));
    return sent.length > 0 ? sent.map(({ name, value }) => `${name}=${value}`).join("; ") : undefined;
  }
}

/** RFC 10025 §5.1.4 */
function isBelow(target: string, cookiePath: string): boolean {
  const path = target.split("?", 1)[0]!;
  return `${path}/`.startsWith(cookiePath.endsWith("/") ? cookiePath : `${cookiePath}/`);
}

function parse(setCookie: string): { name: string; value: string; attributes: Map<string, string> } {
  const [pair, ...rest] = setCookie.split(";").map(splitAtEquals);
  const [name, value] = pair!;
  return { name, value, attributes: new Map(rest.map(([key, text]) => [key.toLowerCase(), text])) };
}

function splitAtEquals(text: string): [before: string, after: string] {
  const [before, ...after] = text.split("=");
  return [before!.trim(), after.join("=").trim()];
}

function isRefused(name: string, attributes: ReadonlyMap<string, string>, path: string): boolean {
  if (/^__(?:secure|host)-/i.test(name) && !attributes.has("secure")) return true;
  return /^__host-/i.test(name) && (attributes.has("domain") || path !== "/");
}
