/** Where users and sessions are kept, as one setting says it: `sqlite:file`, `postgres://…`, `redis://…`, `memory:`. */
import { isLoopback } from "./loopback.ts";
import { nearest } from "./nearest.ts";

export type StoreAddress =
  | { readonly kind: "sqlite"; readonly file: string }
  | { readonly kind: "postgres"; readonly url: string }
  | { readonly kind: "redis"; readonly url: string }
  | { readonly kind: "memory" };

export type DatabaseAddress = Extract<StoreAddress, { kind: "sqlite" | "postgres" }>;

/** An address that cannot be used; the message is the rest of a sentence that begins with the setting's name. */
export class AddressError extends Error {}

/** @throws AddressError, which never repeats a password: it says no more of the text than its scheme. */
export function parseStoreAddress(text: string): StoreAddress {
  const scheme = /^[a-z][a-z\d+.-]*:/i.exec(text)?.[0].toLowerCase();
  switch (scheme) {
    case "sqlite:":
      return { kind: "sqlite", file: fileOf(text.slice(scheme.length)) };
    case "postgres:":
    case "postgresql:":
      return { kind: "postgres", url: postgresUrl(text) };
    case "redis:":
    case "rediss:":
      return { kind: "redis", url: redisUrl(text, `${scheme}//user:password@host:6379`) };
    case "memory:":
      if (text.length > scheme.length) throw new AddressError("memory: stands alone");
      return { kind: "memory" };
    default:
      throw new AddressError(
        scheme ? `${scheme} is no kind of store` : "it does not say what kind of store it is",
      );
  }
}

/** Whether sessions are in the database of the users. */
export function sameAddress(one: StoreAddress, other: StoreAddress): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** As people are shown it: without a password, and without the query and what follows, which may hold one. */
export function shownAddress(address: StoreAddress): string {
  switch (address.kind) {
    case "sqlite":
      return `sqlite:${address.file}`;
    case "memory":
      return "memory:";
    default: {
      const url = new URL(address.url);
      url.password = "";
      url.search = "";
      url.hash = "";
      return url.href;
    }
  }
}

/** Why somebody on the way could read or change what is sent there; undefined if nobody can. */
export function exposure(
  address: StoreAddress,
  env: Readonly<Record<string, string | undefined>>,
): string | undefined {
  if (address.kind !== "redis" && address.kind !== "postgres") return undefined;
  const url = new URL(address.url);
  const query = (name: string) => url.searchParams.get(name) ?? undefined;
  if (address.kind === "redis") {
    const isOpen = url.protocol === "redis:" && !isLocal(url.hostname);
    return isOpen ? "the connection is not encrypted. Use rediss://" : undefined;
  }
  if (isLocal(query("host") ?? (decodeURIComponent(url.hostname) || env.PGHOST || "localhost")))
    return undefined;
  const mode = query("sslmode") ?? (isEncrypted(query) ? "verify-full" : env.PGSSLMODE);
  if (mode === "no-verify") return "nobody checks whose certificate it is. Use sslmode=verify-full";
  return mode === undefined || mode === "disable"
    ? "the connection is not encrypted. Add ?sslmode=verify-full"
    : undefined;
}

function fileOf(rest: string): string {
  if (rest === "" || rest.startsWith(":") || rest.startsWith("//")) {
    throw new AddressError("sqlite: is followed by the path of a file, relative or absolute");
  }
  return rest;
}

/** An address that was pasted twice would have its password in the path, which is shown. */
function redisUrl(text: string, pattern: string): string {
  const url = parsedUrl(text, pattern);
  if (/^\/?\d*$/.test(url.pathname)) return url.href;
  throw new AddressError(
    `it is not of the form ${pattern}/0, where the number of the database may be missing`,
  );
}

/** The modes of `pg`. A mistyped one would be taken for none, and the connection would be plain. */
const sslModes = ["disable", "no-verify", "require", "verify-ca", "verify-full"];

function postgresUrl(text: string): string {
  const pattern = "postgres://user:password@host:5432/name";
  const url = parsedUrl(text, pattern);
  if (url.pathname.includes("/", 1)) throw new AddressError(`it has more behind the host than ${pattern}`);
  const mode = url.searchParams.get("sslmode");
  if (mode !== null && !sslModes.includes(mode)) {
    const meant = nearest(mode, sslModes);
    throw new AddressError(
      `its sslmode is none of ${sslModes.join(", ")}${meant ? `. Did you mean ${meant}?` : ""}`,
    );
  }
  // To `pg` these are other words for verify-full, and its next release will check less behind them.
  if ((mode === "require" || mode === "verify-ca") && !url.searchParams.has("uselibpqcompat")) {
    url.searchParams.set("sslmode", "verify-full");
  }
  return url.href;
}

function parsedUrl(text: string, pattern: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  // Without `//` everything is the path, the password too.
  if (url && /^[a-z]+:\/\//i.test(text) && isDecodable(url)) return url;
  throw new AddressError(
    `it is not of the form ${pattern}. Characters of the password other than letters and digits are written as %XX`,
  );
}

function isDecodable({ username, password, pathname, hostname }: URL): boolean {
  try {
    for (const part of [username, password, pathname, hostname]) decodeURIComponent(part);
    return true;
  } catch {
    return false;
  }
}

function isEncrypted(query: (name: string) => string | undefined): boolean {
  return (
    query("ssl") === "true" ||
    query("ssl") === "1" ||
    query("sslnegotiation") === "direct" ||
    ["sslcert", "sslkey", "sslrootcert"].some((name) => query(name) !== undefined)
  );
}

/** A path is that of a socket. */
function isLocal(host: string): boolean {
  return host === "" || host.startsWith("/") || isLoopback(host);
}
