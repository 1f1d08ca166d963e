/**
 * The configuration, read from the environment. All errors are found at once, and each says what to do:
 * nobody should have to start a server five times to learn five mistakes.
 */
import { resolveAuth } from "coatcheck";
import { emailFault } from "./accounts/email.ts";
import { passwordFault } from "./accounts/password-rules.ts";
import { type KeySource, keySource, keysProblem } from "./keys/key-source.ts";
import { isLoopback } from "./loopback.ts";
import { type MailConfig, readMail } from "./mail/mail-config.ts";
import { nearest } from "./nearest.ts";
import { readSessionPolicy, type SessionPolicyConfig } from "./session-policy.ts";
import {
  AddressError,
  type DatabaseAddress,
  exposure,
  parseStoreAddress,
  type StoreAddress,
  sameAddress,
  shownAddress,
} from "./store-address.ts";
import { readWholeNumber, type WholeNumber } from "./whole-number.ts";
import { inEnglish } from "./words/refusals-en.ts";

export interface Config {
  readonly port: number;
  readonly host: string;
  /** The public origin, without a trailing slash; undefined: `http://localhost` at the port it gets. */
  readonly origin: string | undefined;
  /** Where users are kept. */
  readonly database: DatabaseAddress;
  /** Where sessions are kept; the same as `database` unless something else is said. */
  readonly sessions: StoreAddress;
  /** What seals cookies. Undefined only for tools, where it was not given. */
  readonly keys: KeySource | undefined;
  /** Created at the first start; undefined: the first start prints a set-up link. */
  readonly administrator: Administrator | undefined;
  /** How mail is sent; undefined: it is not. */
  readonly mail: MailConfig | undefined;
  /** Addresses and networks of proxies whose `X-Forwarded-For` is believed. */
  readonly trustedProxies: readonly string[];
  readonly policy: SessionPolicyConfig;
  /** How long audit records are kept. */
  readonly auditDays: number;
  /** What `/metrics` demands; undefined: that the server is for this machine. */
  readonly metricsToken: string | undefined;
  /** What is no mistake, but should be told at start. */
  readonly notices: readonly string[];
}

export interface Administrator {
  readonly email: string;
  readonly password: string;
}

/** Every mistake of the environment, each with its remedy. */
export class ConfigError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`The configuration has ${problems.length} error${problems.length === 1 ? "" : "s"}`);
    this.problems = problems;
  }
}

/** A hundred years are for ever. */
const auditDays: WholeNumber = {
  meaning: "how many days audit records are kept",
  most: 36_500,
  byDefault: 400,
};

type Environment = Readonly<Record<string, string | undefined>>;
type Complain = (problem: string) => void;

const known = [
  "COATCHECK_ORIGIN",
  "COATCHECK_DATABASE",
  "COATCHECK_SESSIONS",
  "COATCHECK_SECRET",
  "COATCHECK_ADMIN_EMAIL",
  "COATCHECK_ADMIN_PASSWORD",
  "COATCHECK_SMTP_URL",
  "COATCHECK_MAIL_FROM",
  "COATCHECK_TRUST_PROXY",
  "COATCHECK_MAX_SESSIONS",
  "COATCHECK_FINGERPRINT",
  "COATCHECK_AUDIT_DAYS",
  "COATCHECK_METRICS_TOKEN",
] as const;

const defaultDatabase = "sqlite:data/coatcheck.db";

/**
 * For serving, everything that it needs is demanded; commands beside the server work without what they do not use.
 * @throws ConfigError that holds every mistake.
 */
export function readConfig(environment: Environment, purpose: "serving" | "tools" = "serving"): Config {
  const problems: string[] = [];
  const complain: Complain = (problem) => problems.push(problem);
  // An empty variable is how shells and compose files say "not set".
  const env = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ""));

  complainOfUnknown(env, complain);
  const host = env.HOST ?? "127.0.0.1";
  const database = readDatabase(env, complain);
  const origin = readOrigin(env, host, complain);
  const config: Config = {
    port: readPort(env, complain),
    host,
    origin,
    database,
    sessions: readSessions(env, database, complain),
    keys: readKeys(env, database, purpose, complain),
    administrator: readAdministrator(env, complain),
    mail: readMail(env, origin, complain),
    trustedProxies: readTrustedProxies(env, complain),
    policy: readSessionPolicy(env, complain),
    auditDays: readWholeNumber(env, "COATCHECK_AUDIT_DAYS", auditDays, complain),
    metricsToken: readMetricsToken(env, complain),
    notices: [],
  };
  if (problems.length > 0) throw new ConfigError(problems);
  return { ...config, notices: noticesOf(config, env) };
}

function noticesOf({ origin, trustedProxies, database, sessions, mail }: Config, env: Environment): string[] {
  const notices: string[] = [];
  const stores: readonly StoreAddress[] = sameAddress(database, sessions) ? [database] : [database, sessions];
  for (const store of stores) {
    const why = exposure(store, env);
    if (why) notices.push(`Everybody on the way to ${shownAddress(store)} could pose as any user: ${why}.`);
  }
  if (!mail) {
    notices.push(
      "COATCHECK_SMTP_URL is not set: nobody is told by mail of new devices, theft or a changed password, " +
        "and forgotten passwords cannot be reset.",
    );
  }
  // This server speaks plain http, so what people reach by https is a proxy in front of it.
  if (origin?.startsWith("https:") && trustedProxies.length === 0) {
    notices.push(
      "A proxy must speak https for COATCHECK_ORIGIN, but COATCHECK_TRUST_PROXY does not name it: " +
        "all devices will be shown with the proxy's address.",
    );
  }
  return notices;
}

function complainOfUnknown(env: Environment, complain: Complain): void {
  const names: readonly string[] = known;
  for (const name of Object.keys(env)) {
    if (!name.startsWith("COATCHECK_") || names.includes(name)) continue;
    const meant = nearest(name, names);
    complain(
      meant
        ? `${name} is not a setting. Did you mean ${meant}?`
        : `${name} is not a setting. Remove it; the settings are ${known.join(", ")}.`,
    );
  }
}

function readPort(env: Environment, complain: Complain): number {
  const text = env.PORT ?? "3000";
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  complain(`PORT is ${JSON.stringify(text)}. Set it to a number from 1 to 65535, or 0 for any free port.`);
  return 0;
}

function readOrigin(env: Environment, host: string, complain: Complain): string | undefined {
  const text = env.COATCHECK_ORIGIN;
  if (text === undefined) {
    if (!isLoopback(host)) {
      complain(
        `HOST is ${host}, which other machines can reach, but COATCHECK_ORIGIN is not set. ` +
          "Set it to the address that people type: https://sign-in.example.com, " +
          "or http://localhost:3000 if only this machine reaches it (a container's published port).",
      );
    }
    return undefined;
  }
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || (url.protocol !== "https:" && url.protocol !== "http:")) {
    complain(
      `COATCHECK_ORIGIN is ${JSON.stringify(text)}. ` +
        "Set it to scheme, host and port as people type them, for example https://sign-in.example.com.",
    );
    return undefined;
  }
  if (url.pathname !== "/" || url.search || url.hash || url.username || url.password) {
    complain(`COATCHECK_ORIGIN has more than scheme, host and port. Set it to ${url.origin}.`);
    return undefined;
  }
  if (url.protocol === "http:" && !isLoopback(url.hostname)) {
    complain(
      `COATCHECK_ORIGIN is ${url.origin}: over plain http browsers drop the session cookie and anybody on the way reads it. ` +
        `Put a proxy with TLS in front and set it to https://${url.host}; plain http works on localhost only.`,
    );
    return undefined;
  }
  return url.origin;
}

function readDatabase(env: Environment, complain: Complain): DatabaseAddress {
  const text = env.COATCHECK_DATABASE ?? defaultDatabase;
  const remedy = `Set it to sqlite: and a file, for example ${defaultDatabase}, or to postgres://user:password@host:5432/name.`;
  const address = readAddress("COATCHECK_DATABASE", text, remedy, complain);
  if (address?.kind === "sqlite" || address?.kind === "postgres") return address;
  if (address) complain(`COATCHECK_DATABASE: users cannot be kept in ${address.kind}:. ${remedy}`);
  return { kind: "sqlite", file: "" };
}

function readSessions(env: Environment, database: DatabaseAddress, complain: Complain): StoreAddress {
  const text = env.COATCHECK_SESSIONS;
  if (text === undefined) return database;
  const remedy =
    "Leave it unset to keep sessions in the database, or set it to redis://, rediss:// or postgres:// " +
    "and so on, to sqlite: and a file, or to memory:.";
  return readAddress("COATCHECK_SESSIONS", text, remedy, complain) ?? database;
}

function readKeys(
  env: Environment,
  database: DatabaseAddress,
  purpose: "serving" | "tools",
  complain: Complain,
): KeySource | undefined {
  const source = keySource(env.COATCHECK_SECRET, database);
  const remedy = "Set it to what coatcheck-server keys generate prints, the same for all servers.";
  if (source?.kind === "given") {
    const problem = keysProblem(source.keys);
    if (problem) complain(`COATCHECK_SECRET: ${problem}. ${remedy}`);
  }
  if (!source && purpose === "serving") {
    complain(`COATCHECK_SECRET is not set, and there is no SQLite file to keep keys beside. ${remedy}`);
  }
  return source;
}

function readAddress(
  name: string,
  text: string,
  remedy: string,
  complain: Complain,
): StoreAddress | undefined {
  try {
    return parseStoreAddress(text);
  } catch (error) {
    if (!(error instanceof AddressError)) throw error;
    complain(`${name}: ${error.message}. ${remedy}`);
    return undefined;
  }
}

function readAdministrator(env: Environment, complain: Complain): Administrator | undefined {
  const { COATCHECK_ADMIN_EMAIL: email, COATCHECK_ADMIN_PASSWORD: password } = env;
  if (email === undefined && password === undefined) return undefined;
  if (email === undefined || password === undefined) {
    complain(
      `${email === undefined ? "COATCHECK_ADMIN_PASSWORD" : "COATCHECK_ADMIN_EMAIL"} is set alone. ` +
        "Set both COATCHECK_ADMIN_EMAIL and COATCHECK_ADMIN_PASSWORD, or neither to get a set-up link.",
    );
    return undefined;
  }
  const badEmail = emailFault(email);
  if (badEmail) complain(`COATCHECK_ADMIN_EMAIL: ${inEnglish(badEmail)}`);
  const badPassword = passwordFault(password, email);
  if (badPassword) complain(`COATCHECK_ADMIN_PASSWORD: ${inEnglish(badPassword)}`);
  return { email, password };
}

function readTrustedProxies(env: Environment, complain: Complain): string[] {
  const entries = (env.COATCHECK_TRUST_PROXY ?? "").split(",").map((entry) => entry.trim());
  const proxies = entries.filter((entry) => entry !== "");
  for (const proxy of proxies.filter((entry) => !isProxy(entry))) {
    complain(
      `COATCHECK_TRUST_PROXY has ${JSON.stringify(proxy)}. ` +
        "List the addresses or networks of your proxies, separated by commas: loopback, 10.0.0.0/8.",
    );
  }
  return proxies;
}

/** The library knows what it takes for a proxy: addresses, networks, and words for the usual ones. */
function isProxy(entry: string): boolean {
  try {
    resolveAuth({ trustedProxies: [entry] });
    return true;
  } catch {
    return false;
  }
}

function readMetricsToken(env: Environment, complain: Complain): string | undefined {
  const token = env.COATCHECK_METRICS_TOKEN;
  if (token !== undefined && !/^[\x21-\x7e]{16,256}$/.test(token)) {
    complain(
      "COATCHECK_METRICS_TOKEN must have 16 to 256 letters, digits and signs without spaces. " +
        "Set it to random ones, for example what openssl rand -hex 24 prints.",
    );
  }
  return token;
}
