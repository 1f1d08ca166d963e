/** Puts the parts together, and takes them apart again. */
import {
  type AuditStore,
  doctor,
  type SessionDirectory,
  type SessionId,
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
import { followed } from "./directory/followed-store.ts";
import { ProjectionFeed } from "./directory/projection-feed.ts";
import type { House } from "./env.ts";
import { CensusTaker } from "./figures/census.ts";
import { Counters } from "./figures/counters.ts";
import type { FigureStore } from "./figures/figure-store.ts";
import { close, listen } from "./http-server.ts";
import { ServerKeys } from "./keys/server-keys.ts";
import { AuditTail } from "./live/audit-tail.ts";
import { EventStreams } from "./live/event-streams.ts";
import { FigureTail } from "./live/figure-tail.ts";
import { openPostOffice, type PostOffice } from "./mail/post-office.ts";
import { type Meter, metered } from "./metrics/metered-store.ts";
import { Metrics } from "./metrics/metrics.ts";
import { createLogger, logSessionEvents } from "./request-log.ts";
import { type Route, routesOf } from "./routes.ts";
import { openStorage, type Storage } from "./storage/storage.ts";

export interface RunningServer {
  readonly origin: string;
  readonly port: number;
  readonly sessions: SessionManager;
  /** What it answers. */
  readonly routes: readonly Route[];
  /** For the first administrator; undefined if there is a user already. */
  readonly setupLink: string | undefined;
  /** Sends the mail that is due. It happens by itself; this is for who wants to wait for it. */
  deliverMail(): Promise<void>;
  /** Writes the audit records that wait. It happens by itself; this is for who wants to wait for it. */
  flushAudit(): Promise<void>;
  /** Writes what was counted, and counts sessions if that is due. It happens by itself, too. */
  flushFigures(): Promise<void>;
  /** Brings what administrators search up to date. It happens by itself; this is for who wants to wait for it. */
  flushDirectory(): Promise<void>;
  /** Finishes what is under way, then closes everything. */
  stop(): Promise<void>;
}

/** What tests put in place of the real thing. */
export interface Replacements {
  readonly logger?: Logger;
  readonly now?: () => number;
  /** Wraps the store that the configuration asks for. */
  readonly wrapStore?: (store: SessionStore) => SessionStore;
  /** How long connections that are kept alive stay open when the server stops, in milliseconds. */
  readonly lingering?: number;
}

export async function startServer(config: Config, replacements: Replacements = {}): Promise<RunningServer> {
  const { logger = createLogger(), now = Date.now, wrapStore = (store) => store, lingering } = replacements;
  const warn: Warn = (message, err) => logger.warn({ event: "warning", message, err });
  if (!config.keys) throw new TypeError("A server needs keys: read its configuration for serving");
  const storage = await openStorage(config, warn);
  const metrics = new Metrics();
  const clockAgrees = async () => (await sessions.ready()).problem !== "clock-skew";
  const counters = new Counters({ store: storage.figures, now, clockAgrees, warn });
  const meter: Meter = {
    answered: (...of) => {
      metrics.answered(...of);
      counters.answered(...of);
    },
    pruned: (...of) => metrics.pruned(...of),
  };
  const own = wrapStore(storage.sessions);
  const kept = metered(own, "sessions", meter);
  // Where sessions can be searched in their own place, nobody has to note them.
  const notice = storage.directory ? undefined : (id: SessionId) => feed?.notice(id);
  const noted = notice ? followed(kept, notice) : kept;
  const cache = isCacheable(noted) ? cached(noted) : undefined;
  const store = cache ?? noted;
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
  sessions.observe(counters.observe);
  const { takeNews } = counters;
  const census = new CensusTaker({
    sessions: store,
    store: storage.figures,
    takeNews,
    now,
    clockAgrees,
    warn,
  });
  const accounts = new Accounts(storage.accounts, new PasswordHasher(), now, (event) => {
    metrics.observeAccount(event);
    counters.observeAccount(event);
    audit.record(event);
  });
  const feed =
    notice &&
    new ProjectionFeed({
      store: own,
      projection: metered(storage.projection, "directory", metrics),
      accounts,
      now,
      warn,
    });
  const directory = feed?.directory ?? metered(storage.directory!, "directory", metrics);
  const closeStores = async () => {
    await sessions.close();
    await feed?.stop();
    await audit.close();
    await census.stop();
    await counters.close();
    // Before its connections: it listens on one of them.
    await cache?.close();
    await storage.close();
  };
  feed?.start();
  try {
    // After the storage: where no database can be, no keys are left behind.
    const keys = new ServerKeys(config.keys, now, warn);
    return await serve(config, {
      store,
      sessions,
      directory: tellingOutages(directory),
      flushDirectory: async () => feed?.flush(),
      accounts,
      mail: storage.mail,
      audit: tellingOutages(auditStore),
      flushAudit: audit.flush,
      figures: tellingOutages(storage.figures),
      flushFigures: async () => {
        await counters.flush();
        await census.count();
      },
      metrics,
      keys,
      logger,
      warn,
      now,
      lingering,
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
  readonly directory: SessionDirectory;
  readonly flushDirectory: () => Promise<void>;
  readonly accounts: Accounts;
  readonly keys: ServerKeys;
  readonly mail: Storage["mail"];
  readonly audit: AuditStore;
  readonly flushAudit: () => Promise<void>;
  readonly figures: FigureStore;
  readonly flushFigures: () => Promise<void>;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly warn: Warn;
  readonly now: () => number;
  readonly lingering: number | undefined;
  readonly closeStores: () => Promise<void>;
}

async function serve(config: Config, parts: Parts): Promise<RunningServer> {
  const {
    sessions,
    store,
    directory,
    flushDirectory,
    accounts,
    mail,
    audit,
    flushAudit,
    figures,
    flushFigures,
    metrics,
    keys,
    logger,
    warn,
    now,
    lingering,
    closeStores,
  } = parts;
  const { administrator, trustedProxies, metricsToken } = config;
  if (administrator && (await accounts.isEmpty())) await accounts.createAdministrator(administrator);
  const code = (await accounts.isEmpty()) ? await accounts.issueSetupCode() : undefined;

  let origin = "";
  let port = 0;
  let stopping = false;
  let postOffice: PostOffice | undefined;
  let routes: readonly Route[] = [];
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
      directory,
      mail,
      notifications: postOffice.notifications,
      audit,
      auditRetention: auditRetention(config.auditDays),
      auditTail: new AuditTail(audit, now),
      figures,
      figureTail: new FigureTail(figures),
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
      isClosed: () => !http.listening,
    };
    const app = createApp(house);
    routes = routesOf(app);
    return { app, origin };
  });
  sessions.observe((event) => postOffice?.notifications.observe(event));
  const stopUpkeep = startUpkeep(sessions);

  return {
    origin,
    port,
    sessions,
    routes,
    setupLink: code && setupLink(origin, code),
    deliverMail: async () => postOffice?.deliver(),
    flushAudit,
    flushFigures,
    flushDirectory,
    stop: once(async () => {
      stopping = true;
      // Their requests would never be finished.
      streams.close();
      await close(http, lingering);
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
