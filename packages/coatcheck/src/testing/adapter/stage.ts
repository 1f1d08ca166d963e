/** Everything one test of an adapter plays with: an application on a socket, its store, its clock, what it said. */
import assert from "node:assert/strict";
import { inspect } from "node:util";
import type { SessionEvent } from "../../core/events.ts";
import { SessionManager } from "../../core/manager.ts";
import type { PolicyOptions } from "../../core/policy.ts";
import { SessionToken } from "../../core/token.ts";
import type { AuthOptions } from "../../http/auth-settings.ts";
import type { Problem } from "../../http/problem.ts";
import { type Answer, type Message, Network } from "../browser.ts";
import { type ManualClock, manualClock } from "../clock.ts";
import { type Route, routes } from "./application.ts";
import { Gate } from "./gate.ts";
import { Visitor } from "./visitor.ts";
import { WatchedStore } from "./watched-store.ts";

/** The application that an adapter's test builds. */
export interface Application {
  readonly sessions: SessionManager;
  readonly routes: readonly Route[];
  /** For the adapter, as they are. */
  readonly options: ApplicationOptions;
}

export interface ApplicationOptions extends AuthOptions {
  /** Answers in place of the problem documents. */
  readonly onProblem?: (problem: Problem) => Response;
}

/** The application on its socket. */
export interface Served {
  /** Where it answers, as `http://127.0.0.1:49152`. */
  readonly origin: string;
  /** Stops it, connections that are kept alive included. */
  close(): Promise<void>;
}

export type Serve = (application: Application) => Promise<Served>;

export interface StageOptions {
  readonly policy?: PolicyOptions;
  readonly auth?: ApplicationOptions;
  /** The store's own timeout. Default none. */
  readonly timeout?: number;
  /** Whether the store has its sessions at hand, as a cache. Default false. */
  readonly atHand?: boolean;
}

export interface Stage {
  readonly sessions: SessionManager;
  readonly store: WatchedStore;
  readonly clock: ManualClock;
  /** Where `/do?verbs=wait` waits. */
  readonly gate: Gate;
  readonly events: readonly SessionEvent[];
  readonly warnings: readonly string[];
  /** `host:port` of the application. */
  readonly host: string;
  /** A new browser, without cookies. */
  browser(): Visitor;
  /** A new browser in which a user has signed in. */
  signedIn(userId?: string): Promise<Visitor>;
  /** One request of a program that keeps no cookies. */
  send(method: string, path: string, message?: Message): Promise<Answer>;
}

/** Builds a stage, plays on it, and tears it down; fails if a secret was said anywhere but in `Set-Cookie`. */
export async function onStage(
  serve: Serve,
  options: StageOptions,
  play: (stage: Stage) => Promise<void>,
): Promise<void> {
  const clock = manualClock();
  const store = new WatchedStore(options);
  const events: SessionEvent[] = [];
  const warnings: string[] = [];
  const sessions = new SessionManager({
    store,
    now: clock.now,
    onEvent: (event) => void events.push(event),
    warn: (...said) => void warnings.push(inspect(said, { depth: null })),
    ...(options.policy && { policy: options.policy }),
  });
  const gate = new Gate();
  const served = await serve({ sessions, routes: routes(gate), options: options.auth ?? {} });
  const network = new Network(served.origin);
  const browser = () => new Visitor(network);
  try {
    await play({
      sessions,
      store,
      clock,
      gate,
      events,
      warnings,
      host: new URL(served.origin).host,
      browser,
      signedIn: async (userId = "ada") => {
        const signedIn = browser();
        assert.equal((await signedIn.do(`login:${userId}`)).status, 200);
        return signedIn;
      },
      send: (method, path, message) => network.send(method, path, message),
    });
  } finally {
    gate.open();
    store.release();
    network.close();
    await served.close();
    await sessions.close();
  }
  assertSecretsKept(network.answers, inspect(events, { depth: null }) + warnings.join("\n"));
}

/** P7: what opens a session stands in `Set-Cookie` and nowhere else. */
function assertSecretsKept(answers: readonly Answer[], said: string): void {
  const secrets = new Set(answers.flatMap((answer) => answer.setCookies.flatMap(secretsOf)));
  const elsewhere = answers.map(({ headers, body }) => {
    const { "set-cookie": _, ...others } = headers;
    return inspect(others) + body;
  });
  const everything = [said, ...elsewhere].join("\n");
  for (const secret of secrets)
    assert.ok(!everything.includes(secret), "A secret was said outside Set-Cookie");
}

function secretsOf(setCookie: string): string[] {
  const value = /^[^=]*=([^;]*)/.exec(setCookie)![1]!;
  if (SessionToken.parse(value)) return value.split(".").slice(1);
  return envelope.test(value) ? value.split(".").slice(1) : [];
}

/** A sealed cookie: what follows the key's id opens what it is the cookie of. */
const envelope = /^[\w-]{1,16}\.[\w-]{48,}$/;
