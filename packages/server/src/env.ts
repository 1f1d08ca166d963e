/** What the handlers of a request have at hand. */
import type { HttpBindings } from "@hono/node-server";
import type {
  AuditStore,
  Finding,
  KeyRing,
  RequestAuth,
  RequestSource,
  SessionDirectory,
  SessionManager,
} from "coatcheck";
import type { Logger } from "pino";
import type { Accounts } from "./accounts/accounts.ts";
import type { Identity } from "./accounts/identify.ts";
import type { FigureStore } from "./figures/figure-store.ts";
import type { AuditTail } from "./live/audit-tail.ts";
import type { EventStreams } from "./live/event-streams.ts";
import type { FigureTail } from "./live/figure-tail.ts";
import type { MailStore } from "./mail/mail-store.ts";
import type { Notifications } from "./mail/notifications.ts";
import type { Metrics } from "./metrics/metrics.ts";
import type { Words } from "./words/words.ts";

/** What the whole application shares. */
export interface House {
  readonly accounts: Accounts;
  readonly sessions: SessionManager;
  /** Where all sessions are searched. Nothing that ends one relies on it. */
  readonly directory: SessionDirectory;
  readonly mail: MailStore;
  readonly notifications: Notifications;
  readonly audit: AuditStore;
  /** How long its records are kept, in milliseconds. */
  readonly auditRetention: number;
  readonly auditTail: AuditTail;
  readonly figures: FigureStore;
  readonly figureTail: FigureTail;
  readonly metrics: Metrics;
  readonly streams: EventStreams;
  /** What `/metrics` demands; undefined: to be on this machine. */
  readonly metricsToken: string | undefined;
  readonly logger: Logger;
  /** What seals cookies. May change while the server runs. */
  readonly keys: KeyRing;
  /** The public origin, without a trailing slash. */
  readonly origin: string;
  readonly trustedProxies: readonly string[];
  /** What is set up wrongly, seen with a request that came in from outside. */
  readonly examine: (request: RequestSource) => Promise<readonly Finding[]>;
  /** Whether the server was told to stop: it still answers, but wants no new work. */
  readonly isStopping: () => boolean;
  /** Whether it takes no new connections: whoever has one is told that it was the last answer on it. */
  readonly isClosed: () => boolean;
}

/** The types of the Hono context. */
export interface AppEnv {
  Bindings: HttpBindings;
  Variables: {
    auth: RequestAuth;
    /** Names this request in logs and in what people are told of a failure. */
    requestId: string;
    /** Allows the scripts and styles of this one response. */
    nonce: string;
    /** What our pages say, in the language of who reads them. */
    words: Words;
    /** Who is signed in. Only behind a guard. */
    identity: Identity;
  };
}
