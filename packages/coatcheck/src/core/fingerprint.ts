/** What is known about the client of a request, and how two clients are compared. */
import { createHmac } from "node:crypto";
import type { SessionToken } from "./token.ts";

/** The client of a request, as far as it is known. */
export interface ClientInfo {
  /** The canonical address; behind declared proxies that of the client, not of the proxy. */
  readonly ip?: string;
  /** The User-Agent header, cut to 512 characters. */
  readonly userAgent?: string;
  /** The Accept-Language header, cut to 256 characters. */
  readonly language?: string;
  /** The Accept-Encoding header, cut to 128 characters. Read only for strict fingerprints, and never stored. */
  readonly encoding?: string;
}

/** A request whose client is compared with the one that signed in. */
export interface ComparedRequest {
  readonly client?: ClientInfo;
  /** Whether its headers are, as they came, what this client has said of itself. */
  saysTheSameAs?(client: ClientInfo): boolean;
}

/**
 * What of a client is compared.
 *
 * - `tolerant`: family and platform of the browser, and its primary language. An update of the browser changes none
 *   of them; another browser does.
 * - `strict`: User-Agent, Accept-Language and Accept-Encoding, each as a whole. An update of the browser changes it.
 */
export type FingerprintSignals = "tolerant" | "strict";

/** A fingerprint as a keyed digest. Keyed by the session, so that digests tell nothing across sessions. */
export function fingerprint(token: SessionToken, signals: FingerprintSignals, client: ClientInfo): string {
  const text = signalsOf[signals](client).join("\n");
  return createHmac("sha256", token.key("fingerprint")).update(text).digest("base64url");
}

/** Whether the signals are the same, of clients whose `encoding` is not known of both. */
export function alike(signals: FingerprintSignals, a: ClientInfo, b: ClientInfo): boolean {
  const [one, other] = [a, b].map(({ encoding: _, ...client }) => signalsOf[signals](client).join("\n"));
  return one === other;
}

export function tolerantFingerprint(token: SessionToken, client: ClientInfo): string {
  return fingerprint(token, "tolerant", client);
}

const signalsOf: Readonly<Record<FingerprintSignals, (client: ClientInfo) => string[]>> = {
  tolerant: ({ userAgent = "", language = "" }) => [
    browserFamily(userAgent),
    platform(userAgent),
    primaryLanguage(language),
  ],
  strict: ({ userAgent = "", language = "", encoding = "" }) => [userAgent, language, encoding],
};

/** Order matters: most browsers claim to be several others. */
const families: readonly (readonly [name: string, pattern: RegExp])[] = [
  ["edge", /\bEdg(e|A|iOS)?\//],
  ["opera", /\b(OPR|Opera|OPiOS)\b/],
  ["samsung", /\bSamsungBrowser\//],
  ["yandex", /\bYaBrowser\//],
  ["firefox", /\b(Firefox|FxiOS)\//],
  ["chrome", /\b(Chrome|Chromium|CriOS|HeadlessChrome)\//],
  ["safari", /\bSafari\//],
];

const platforms: readonly (readonly [name: string, pattern: RegExp])[] = [
  ["android", /\bAndroid\b/],
  ["ios", /\b(iPhone|iPad|iPod)\b/],
  ["windows", /\bWindows\b/],
  ["mac", /\bMac(intosh| OS X)\b/],
  ["chromeos", /\bCrOS\b/],
  ["linux", /\bLinux\b/],
];

/** Programs that are no browser are told apart by their first product: `curl`, `okhttp`. */
function browserFamily(userAgent: string): string {
  return nameOf(families, userAgent) ?? /^[^/\s]*/.exec(userAgent)![0];
}

function platform(userAgent: string): string {
  return nameOf(platforms, userAgent) ?? "";
}

function nameOf(table: readonly (readonly [string, RegExp])[], text: string): string | undefined {
  return table.find(([, pattern]) => pattern.test(text))?.[0];
}

/** `en-GB,en;q=0.9` and `en-US` are both `en`. */
function primaryLanguage(acceptLanguage: string): string {
  return (/^\s*([A-Za-z]+)/.exec(acceptLanguage)?.[1] ?? "").toLowerCase();
}
