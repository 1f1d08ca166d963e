/**
 * Who sent a request, and how. What a proxy says about it (`X-Forwarded-*`) counts only if the peer that said so was
 * declared: anybody can send these headers (ASVS 4.1.3).
 */
import { BlockList, isIP, SocketAddress } from "node:net";
import type { ClientInfo } from "../core/fingerprint.ts";

/** The parts of a request that say where it comes from. */
export interface RequestSource {
  /** The address of the socket's other end; undefined where there is none, as on a Unix socket. */
  readonly remoteAddress: string | undefined;
  /** Whether the socket itself speaks TLS. */
  readonly encrypted: boolean;
  /** A header by its lower-case name; several of one name joined by commas. */
  header(name: string): string | undefined;
}

/** Whether a canonical address is that of a declared proxy. */
export type TrustedProxies = (address: string) => boolean;

const proxyWords: ReadonlyMap<string, readonly string[]> = new Map([
  ["loopback", ["127.0.0.0/8", "::1"]],
  // RFC 1918 and RFC 4193
  ["private", ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"]],
]);

/**
 * Reads the list of declared proxies once, at start: addresses, ranges (`10.0.0.0/8`) and the words `loopback` and
 * `private`.
 * @throws TypeError naming the entry that is none of these, or that would trust everybody (`/0`).
 */
export function resolveTrustedProxies(list: readonly string[]): TrustedProxies {
  if (list.length === 0) return () => false;
  // One each: of an IPv6 range that has the IPv4-mapped addresses in it, as `::/8` has, Node says that all of IPv4 is.
  const declared = { ipv4: new BlockList(), ipv6: new BlockList() };
  for (const entry of list) {
    for (const range of proxyWords.get(entry) ?? [entry]) declare(declared, range, entry);
  }
  const known = new Map<string, boolean>();
  const learn = (address: string) => {
    if (known.size >= mostKnown) known.clear();
    const answer = declared[family(address)].check(address, family(address));
    known.set(address, answer);
    return answer;
  };
  return (address) => known.get(address) ?? learn(address);
}

/** Node looks an address up in a microsecond, and the peers of most servers are few. */
const mostKnown = 1_000;

function declare(declared: Readonly<Record<"ipv4" | "ipv6", BlockList>>, range: string, entry: string): void {
  const [, addressText = "", lengthText] = /^([^/]*)(?:\/([0-9]{1,3}))?$/.exec(range) ?? [];
  const address = canonicalAddress(addressText);
  if (address === undefined) {
    throw new TypeError(`trusted proxy ${JSON.stringify(entry)} is not an address, a range or a known word`);
  }
  const bits = family(address) === "ipv4" ? 32 : 128;
  const length = lengthText === undefined ? bits : Number(lengthText);
  if (length < 1 || length > bits) {
    throw new TypeError(`trusted proxy ${JSON.stringify(entry)} must have a prefix length from 1 to ${bits}`);
  }
  declared[family(address)].addSubnet(address, length, family(address));
}

function family(address: string): "ipv4" | "ipv6" {
  return address.includes(":") ? "ipv6" : "ipv4";
}

/** The client of a request, behind declared proxies the one they name. */
export function clientInfo(
  request: RequestSource,
  proxies: TrustedProxies,
  { withEncoding = false }: { readonly withEncoding?: boolean } = {},
): ClientInfo {
  const ip = clientAddress(request, proxies);
  const userAgent = printable(request.header("user-agent"), 512);
  const language = printable(request.header("accept-language"), 256);
  const encoding = withEncoding ? printable(request.header("accept-encoding"), 128) : undefined;
  const client: { -readonly [signal in keyof ClientInfo]: ClientInfo[signal] } = {};
  if (ip) client.ip = ip;
  if (userAgent) client.userAgent = userAgent;
  if (language) client.language = language;
  if (encoding) client.encoding = encoding;
  return client;
}

/**
 * Each proxy appends to X-Forwarded-For the peer that it saw. From right to left over declared proxies, the first
 * address that is not one of them is the client; whatever stands further left it may have made up itself.
 */
function clientAddress(request: RequestSource, proxies: TrustedProxies): string | undefined {
  let client = canonicalAddress(request.remoteAddress ?? "");
  const hops = request.header("x-forwarded-for")?.split(",") ?? [];
  while (client !== undefined && proxies(client)) {
    const next = canonicalAddress(withoutPort(hops.pop()?.trim() ?? ""));
    if (next === undefined) break;
    client = next;
  }
  return client;
}

/** Some proxies (Azure's, for one) append the port. */
function withoutPort(hop: string): string {
  const [, bracketed, dotted] = /^\[([^\]]*)\](?::[0-9]+)?$|^([0-9.]+):[0-9]+$/.exec(hop) ?? [];
  return bracketed ?? dotted ?? hop;
}

const mappedIpv4 = /^::ffff:([0-9.]+)$/;

/**
 * The one text of an address: IPv4 in dots even where IPv6 maps it, IPv6 as RFC 5952 writes it, without its zone.
 * Limits that count by address would otherwise be evaded by other spellings (CVE-2026-45364). Undefined if the text
 * is no address.
 */
export function canonicalAddress(text: string): string | undefined {
  const version = isIP(text);
  if (version !== 6) return version === 4 ? text : undefined;
  const { address } = new SocketAddress({ address: text.replace(/%.*$/, ""), family: "ipv6" });
  return mappedIpv4.exec(address)?.[1] ?? address;
}

/**
 * What is counted by address: a canonical address itself, of an IPv6 address its first 64 bits, which one customer has
 * all of (CVE-2026-45364).
 */
export function networkOf(address: string): string {
  if (!address.includes(":")) return address;
  const [, whole] = firstFourGroups.exec(address) ?? [];
  if (whole !== undefined) return `${whole}::/64`;
  const [head = "", tail = ""] = address.split("::");
  const [before, after] = [groupsOf(head), groupsOf(tail)];
  const zeros = Array.from({ length: Math.max(0, 8 - before.length - after.length) }, () => "0");
  return `${[...before, ...zeros, ...after].slice(0, 4).join(":")}::/64`;
}

const firstFourGroups = /^((?:[0-9a-f]+:){3}[0-9a-f]+):/;

function groupsOf(part: string): string[] {
  // Dots are the last two groups.
  return part === ""
    ? []
    : part.split(":").flatMap((group) => (group.includes(".") ? [group, group] : [group]));
}

/** What ends up in lists and logs has no line breaks, escape sequences or invisible characters (ASVS 16.4.1). */
function printable(text: string | undefined, length: number): string | undefined {
  const start = text?.slice(0, length);
  // The usual case, at a fraction of the cost.
  return start === undefined || plainAscii.test(start) ? start : start.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, "");
}

const plainAscii = /^[ -~]*$/;

/** Some proxies (Traefik, for one) name the scheme of a WebSocket. */
const secureScheme = /^(?:https|wss)$/i;

/** Whether the client speaks TLS: to a declared proxy by that proxy's word, else to us. */
export function isSecureRequest(request: RequestSource, proxies: TrustedProxies): boolean {
  const forwarded = forwardedValue(request, proxies, "x-forwarded-proto");
  return forwarded ? secureScheme.test(forwarded) : request.encrypted;
}

/** The host, with its port if there is one, that the client asked for. */
export function publicHost(request: RequestSource, proxies: TrustedProxies): string | undefined {
  return forwardedValue(request, proxies, "x-forwarded-host") ?? request.header("host");
}

/**
 * Whether a proxy that was not declared says that the client speaks https: the application then takes the request
 * for plain http. To be reported with its fix, never believed.
 */
export function hidesHttps(request: RequestSource, proxies: TrustedProxies): boolean {
  const claimed = lastOf(request.header("x-forwarded-proto")) ?? "";
  return secureScheme.test(claimed) && !request.encrypted && !fromDeclaredProxy(request, proxies);
}

function forwardedValue(request: RequestSource, proxies: TrustedProxies, name: string): string | undefined {
  const value = lastOf(request.header(name));
  return value && fromDeclaredProxy(request, proxies) ? value : undefined;
}

function fromDeclaredProxy(request: RequestSource, proxies: TrustedProxies): boolean {
  const peer = canonicalAddress(request.remoteAddress ?? "");
  return peer !== undefined && proxies(peer);
}

/** Of several values the last is that of our peer; those before it came in from outside. */
function lastOf(header: string | undefined): string | undefined {
  return header?.slice(header.lastIndexOf(",") + 1).trim();
}

/** Whether an address is of this machine only. */
export function isLoopback(address: string): boolean {
  const canonical = canonicalAddress(address);
  return canonical !== undefined && (canonical === "::1" || canonical.startsWith("127."));
}

/** Whether a host, with or without a port, is of this machine only: `localhost` and below (RFC 6761), or an address. */
export function isLoopbackHost(host: string): boolean {
  const [, bracketed, name = ""] = /^(?:\[([^\]]*)\]|([^:]*))(?::[0-9]*)?$/.exec(host) ?? [];
  return isLoopback(bracketed ?? name) || /^(?:.+\.)?localhost\.?$/i.test(name);
}
