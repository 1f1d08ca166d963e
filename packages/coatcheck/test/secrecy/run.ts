/** An application whose every word is kept: what it hands out is planted as a canary, all the rest is evidence. */
import { inspect } from "node:util";
import { Canaries, type Evidence } from "../../../../test/secrecy/canaries.ts";
import { type Connection, withSessions } from "../../src/adapters/web.ts";
import { type Audit, startAudit } from "../../src/audit/audit.ts";
import { SessionManager } from "../../src/core/manager.ts";
import { SessionToken } from "../../src/core/token.ts";
import { generateKey, KeyRing, type SealPurpose } from "../../src/http/key-ring.ts";
import type { RequestAuth } from "../../src/http/request-auth.ts";
import { type ManualClock, manualClock } from "../../src/testing/clock.ts";
import { CookieJar } from "../../src/testing/cookie-jar.ts";
import type { Ground } from "./ground.ts";

export const minute: number = 60_000;
export const hour: number = 60 * minute;

/** What sessions of the application hold. */
export interface Data {
  readonly theme?: string | undefined;
  readonly note?: string | undefined;
}

/** What a request does in the application. */
export type Deed = (auth: RequestAuth<Data>, request: Request) => unknown;

/** What a request says beyond its method. */
export interface Message {
  /** A `Cookie` header in place of the jar's. */
  readonly cookie?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  /** Whether the answer is lost on the way: it is evidence, but no browser keeps its cookies. */
  readonly lost?: boolean;
}

const firefox = "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0";

export class Run {
  readonly ground: Ground;
  readonly clock: ManualClock = manualClock();
  readonly canaries: Canaries = new Canaries();
  readonly evidence: Evidence[] = [];
  readonly key: string = generateKey(0);
  readonly keys: KeyRing;
  readonly sessions: SessionManager<Data>;
  readonly audit: Audit;
  readonly #handlers: Readonly<Record<"plain" | "sealed", ReturnType<typeof withSessions<Data>>>>;
  readonly #deeds = new WeakMap<Request, Deed>();
  #visitors = 0;
  /** Whether what is said is kept: thousands of like requests say nothing new. */
  isListening = true;

  constructor(ground: Ground) {
    this.ground = ground;
    this.canaries.plant("key", this.key.split(":")[1]!);
    this.keys = new KeyRing([this.key]);
    const { store, audit } = ground;
    this.sessions = new SessionManager({
      store,
      policy: { maxSessions: 3, idleTimeout: 2 * hour },
      data: { schema },
      now: this.clock.now,
      onEvent: (event) => this.show("event", event),
      warn: (...said) => this.show("warning", said),
    });
    this.sessions.observe(({ type }) => {
      if (type === "created") throw new Error("The observer failed");
    });
    this.audit = startAudit(this.sessions, { store: audit });
    const options = { keys: this.keys, carryOver: ["theme"] };
    const perform = (request: Request, auth: RequestAuth<Data>) => this.#perform(request, auth);
    this.#handlers = {
      plain: withSessions(this.sessions, perform, options),
      sealed: withSessions(this.sessions, perform, { ...options, seal: true }),
    };
  }

  visitor(kind: "plain" | "sealed", userAgent: string = firefox): Visitor {
    const remoteAddress = `192.0.2.${++this.#visitors}`;
    return new Visitor(this, this.#handlers[kind], userAgent, { remoteAddress });
  }

  /** What a program says of a value when it logs it, in every usual way. */
  show(place: string, ...values: readonly unknown[]): void {
    if (!this.isListening) return;
    for (const value of values) {
      this.say(place, inspect(value, { depth: null, showHidden: true, maxArrayLength: null }));
      this.say(place, String(value), json(value));
    }
  }

  say(place: string, ...contents: readonly (string | Uint8Array)[]): void {
    if (this.isListening) this.evidence.push(...contents.map((content) => ({ place, content })));
  }

  /** Everything that was said in one place. */
  textOf(wanted: string): string {
    return this.evidence
      .filter(({ place }) => place === wanted)
      .map(({ content }) => Buffer.from(content as Uint8Array).toString("latin1"))
      .join("\n");
  }

  /** Runs something that may fail, and shows how it does. */
  async attempt(work: () => unknown): Promise<void> {
    try {
      this.show("result", await work());
    } catch (error) {
      this.show("error", error);
    }
  }

  toBePerformed(request: Request, deed: Deed): void {
    this.#deeds.set(request, deed);
  }

  plantToken(name: string, token: SessionToken): void {
    const [, family, secret] = token.reveal().split(".");
    this.canaries.plant(`${name} family`, family!);
    this.canaries.plant(`${name} secret`, secret!);
    this.canaries.plant(`${name} CSRF key`, token.key("csrf").toString("base64url"));
    this.canaries.plant(`${name} fingerprint key`, token.key("fingerprint").toString("base64url"));
  }

  async #perform(request: Request, auth: RequestAuth<Data>): Promise<Response> {
    try {
      const result = await this.#deeds.get(request)!(auth, request);
      if (result instanceof Response) return result;
      this.show("result", result);
      return Response.json(result ?? null);
    } catch (error) {
      this.show("error", error);
      throw error;
    } finally {
      this.show("RequestAuth", auth, auth.client);
    }
  }
}

/** A browser. */
export class Visitor {
  readonly #run: Run;
  readonly #handle: (request: Request, connection: Connection) => Promise<Response>;
  readonly #userAgent: string;
  readonly #connection: Connection;
  readonly #jar = new CookieJar();

  constructor(
    run: Run,
    handle: (request: Request, connection: Connection) => Promise<Response>,
    userAgent: string,
    connection: Connection,
  ) {
    this.#run = run;
    this.#handle = handle;
    this.#userAgent = userAgent;
    this.#connection = connection;
  }

  /** The `Cookie` header that it sends. */
  get cookie(): string {
    return this.#jar.header("/") ?? "";
  }

  /** The value of one of its cookies. */
  cookieNamed(name: string): string {
    return new RegExp(`__Host-${name}=([^;]*)`).exec(this.cookie)?.[1] ?? "";
  }

  get(deed: Deed, message?: Message): Promise<Response> {
    return this.send("GET", deed, message);
  }

  post(deed: Deed, message?: Message): Promise<Response> {
    return this.send("POST", deed, message);
  }

  async send(method: string, deed: Deed, { cookie, headers, lost }: Message = {}): Promise<Response> {
    const sent = cookie ?? this.#jar.header("/");
    const request = new Request("https://example.com/", {
      method,
      headers: { "user-agent": this.#userAgent, ...(sent && { cookie: sent }), ...headers },
    });
    this.#run.toBePerformed(request, deed);
    const response = await this.#handle(request, this.#connection);
    for (const line of response.headers.getSetCookie()) {
      this.#harvest(line);
      if (!lost) this.#jar.store(line);
    }
    await this.#keep(response.clone());
    return response;
  }

  async #keep(response: Response): Promise<void> {
    const { status, statusText } = response;
    for (const [name, value] of response.headers) {
      // What a cookie says beside its value is evidence too.
      const shown = name === "set-cookie" ? value.replace(/=[^;]*/, "=*") : value;
      this.#run.say("headers", `${status} ${statusText} ${name}: ${shown}`);
    }
    this.#run.say("body", await response.text());
  }

  /** What a cookie carries is a secret, sealed or not. */
  #harvest(line: string): void {
    const [, name = "", value = ""] = /^__Host-([\w-]+)=([^;]*)/.exec(line) ?? [];
    if (value === "") return;
    const { canaries, keys, clock } = this.#run;
    const opened = keys.open(name as SealPurpose, `__Host-${name}`, value, clock.now());
    if (opened) canaries.plant(`${name} cookie`, value.slice(value.indexOf(".") + 1));
    const token = SessionToken.parse(opened ?? value);
    if (token) this.#run.plantToken(`${name} cookie`, token);
    else if (name === "device") canaries.plant("device cookie", opened!);
  }
}

const schema = {
  "~standard": {
    version: 1,
    vendor: "test",
    validate: (value: unknown) => {
      const data = value as Data;
      return (data.theme?.length ?? 0) > 8
        ? { issues: [{ message: "is too long", path: ["theme"] }] }
        : { value: data };
    },
  },
} as const;

function json(value: unknown): string {
  try {
    return JSON.stringify(value) ?? "";
  } catch (error) {
    return String(error);
  }
}
