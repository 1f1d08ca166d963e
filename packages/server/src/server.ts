/** Puts the parts together, and takes them apart again. */
import {
  type AuditStore,
  doctor,
  SessionManager,
  type SessionStore,
  startUpkeep,
  type Warn,
} from "coatcheck";
import { type CacheableStore, cached } from "coatcheck/cached";
import type { Logger } from "pino";
import { Accounts } from "./accounts/accounts.ts";
import { tellingOutages } from "./accounts/accounts-outage.ts";
import { PasswordHasher } from "./accounts/password-hasher.ts";
import { setupLink } from "./accounts/setup-link.ts";
import { createApp } from "./app.ts";
import { auditRetention, openAudit } from "./audit/server-audit.ts";
import type { Config } from "./config.ts";
import type { House } from "./env.ts";
import { close, listen } from "./http-server.ts";
import { ServerKeys } from "./keys/server-keys.ts";
import { EventStreams } from "./live/event-streams.ts";
import { openPostOffice, type PostOffice } from "./mail/post-office.ts";
import { metered } from "./metrics/metered-store.ts";
import { Metrics } from "./metrics/metrics.ts";
import { createLogger, logSessionEvents } from "./request-log.ts";
import { openStorage, type Storage } from "./storage/storage.ts";

export interface RunningServer {
  readonly origin: string;
  readonly port: number;
  readonly sessions: SessionManager;
  /** For the first administrator; undefined if there is a user already. */
  readonly setupLink: string | undefined;
  /** Sends the mail that is due. It happens by itself; this is for who wants to wait for it. */
  deliverMail(): Promise<void>;
  /** Writes the audit records that wait. It happens by itself; this is for who wants to wait for it. */
  flushAudit(): Promise<void>;
  /** Finishes what is under way, then closes everything. */
  stop(): Promise<void>;
}

/** What tests put in place of the real thing. */
export interface Replacements {
  readonly logger?: Logger;
  readonly now?: () => number;
  /** Wraps the store that the configuration asks for. */
  readonly wrapStore?: (store: SessionStore) => SessionStore;
}

export async function startServer(config: Config, replacements: Replacements = {}): Promise<RunningServer> {
  const { logger = createLogger(), now = Date.now, wrapStore = (store) => store } = replacements;
  const warn: Warn = (message, err) => logger.warn({ event: "warning", message, err });
  if (!config.keys) throw new TypeError("A server needs keys: read its configuration for serving");
  const storage = await openStorage(config, warn);
  const metrics = new Metrics();
  const kept = metered(wrapStore(storage.sessions), "sessions", metrics);
  const cache = isCacheable(kept) ? cached(kept) : undefined;
  const store = cache ?? kept;
  if (cache) metrics.showCache(cache);
  const sessions = new SessionManager({
    store,
    policy: config.policy,
    now,
    onEvent: logSessionEvents(logger),
    warn,
  });
  const auditStore = metered(storage.audit, "audit", metrics);
  const audit = openAudit(sessions, auditStore, { days: config.auditDays, logger });
  sessions.observe(metrics.observe);
  const accounts = new Accounts(storage.accounts, new PasswordHasher(), now, (event) => {
    metrics.observeAccount(event);
    audit.record(event);
  });
  const closeStores = async () => {
    await sessions.close();
    await audit.close();
    // Before its connections: it listens on one of them.
    await cache?.close();
    await storage.close();
  };
  try {
    // After the storage: where no database can be, no keys are left behind.
    const keys = new ServerKeys(config.keys, now, warn);
    return await serve(config, {
      store,
      sessions,
      accounts,
      mail: storage.mail,
      audit: tellingOutages(auditStore),
      flushAudit: audit.flush,
      metrics,
      keys,
      logger,
      warn,
      now,
      closeStores,
    });
  } catch (error) {
    await closeStores();
    throw error;
  }
}

interface Parts {
  readonly store: SessionStore;
  readonly sessions: SessionManager;
  readonly accounts: Accounts;
  readonly keys: ServerKeys;
  readonly mail: Storage["mail"];
  readonly audit: AuditStore;
  readonly flushAudit: () => Promise<void>;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly warn: Warn;
  readonly now: () => number;
  readonly closeStores: () => Promise<void>;
}

async function serve(config: Config, parts: Parts): Promise<RunningServer> {
  const {
    sessions,
    store,
    accounts,
    mail,
    audit,
    flushAudit,
    metrics,
    keys,
    logger,
    warn,
    now,
    closeStores,
  } = parts;
  const { administrator, trustedProxies, metricsToken } = config;
  if (administrator && (await accounts.isEmpty())) await accounts.createAdministrator(administrator);
  const code = (await accounts.isEmpty()) ? await accounts.issueSetupCode() : undefined;

  let origin = "";
  let port = 0;
  let stopping = false;
  let postOffice: PostOffice | undefined;
  const streams = new EventStreams();
  metrics.showStreams(streams);
  const http = await listen(config.port, config.host, (got) => {
    port = got;
    origin = config.origin ?? `http://localhost:${port}`;
    const isStopping = () => stopping;
    postOffice = openPostOffice(config.mail, { store: mail, accounts, origin, logger, warn, now });
    const house: House = {
      accounts,
      sessions,
      mail,
      notifications: postOffice.notifications,
      audit,
      auditRetention: auditRetention(config.auditDays),
      metrics,
      streams,
      metricsToken,
      keys: keys.ring,
      logger,
      origin,
      trustedProxies,
      examine: (request) =>
        doctor({ store, auth: { origin, trustedProxies, keys: keys.ring }, request, now }),
      isStopping,
    };
    return { app: createApp(house), origin };
  });
  sessions.observe((event) => postOffice?.notifications.observe(event));
  const stopUpkeep = startUpkeep(sessions);

  return {
    origin,
    port,
    sessions,
    setupLink: code && setupLink(origin, code),
    deliverMail: async () => postOffice?.deliver(),
    flushAudit,
    stop: once(async () => {
      stopping = true;
      // Their requests would never be finished.
      streams.close();
      await close(http);
      await stopUpkeep();
      await postOffice?.close();
      keys.close();
      await closeStores();
    }),
  };
}

/** All but memory, which needs none. */
function isCacheable(store: SessionStore): store is CacheableStore {
  return store.watch !== undefined;
}

/** Stopping twice, by a signal that comes again, is stopping once. */
function once<T>(work: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined;
  return () => {
    result ??= work();
    return result;
  };
}
