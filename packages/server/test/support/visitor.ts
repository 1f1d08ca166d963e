/** A browser as far as a server can tell: one cookie, forms, and the headers that browsers send. */
import assert from "node:assert/strict";
import type { Administrator } from "../../src/config.ts";

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The path, with its query, that a redirect leads to. */
  readonly location: string | null;
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into it and fails where it is not as it says.
  json(): any;
}

export interface Sent {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array<ArrayBuffer>;
}

/** A stream of server-sent events. */
export interface Events {
  readonly status: number;
  readonly headers: Headers;
  /** What came first. */
  readonly first: string | undefined;
  /** What it said after that, when it has closed; undefined if it was left. */
  readonly rest: Promise<string | undefined>;
  /** All that it has said after the first, as soon as the pattern is found in it. */
  until(pattern: RegExp): Promise<string>;
  leave(): void;
}

const firefox = "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0";

export class Visitor {
  readonly origin: string;
  readonly userAgent: string;
  /** The value of the session cookie; undefined if there is none. */
  cookie: string | undefined;
  /** The value of the cookie of a remembered browser. */
  remember: string | undefined;
  /** The value of the cookie of a known device; not kept by those who are to stay strangers. */
  device: string | undefined;
  keepsDevice = false;

  constructor(origin: string, userAgent: string = firefox) {
    this.origin = origin;
    this.userAgent = userAgent;
  }

  /** Sends a request as it is: no token is added. */
  async send(method: string, path: string, { headers = {}, body }: Sent = {}): Promise<Answer> {
    const response = await fetch(this.origin + path, {
      method,
      redirect: "manual",
      headers: {
        "user-agent": this.userAgent,
        ...(this.#cookies() && { cookie: this.#cookies() }),
        ...(method !== "GET" && { origin: this.origin, "sec-fetch-site": "same-origin" }),
        ...headers,
      },
      ...(body !== undefined && { body }),
    });
    this.#keepCookie(response.headers);
    const text = await response.text();
    const location = response.headers.get("location");
    return {
      status: response.status,
      headers: response.headers,
      text,
      location,
      json: () => JSON.parse(text),
    };
  }

  /** Opens a stream of server-sent events, as `EventSource` does. */
  async events(path = "/api/session/events"): Promise<Events> {
    const leaving = new AbortController();
    const response = await fetch(this.origin + path, {
      headers: { "user-agent": this.userAgent, cookie: this.#cookies(), accept: "text/event-stream" },
      signal: leaving.signal,
    });
    const chunks = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    const { value: first } = await chunks.read();
    const heard = new Heard();
    return {
      status: response.status,
      headers: response.headers,
      first,
      rest: textOf(chunks, heard),
      until: (pattern) => heard.until(pattern),
      leave: () => leaving.abort(),
    };
  }

  get(path: string): Promise<Answer> {
    return this.send("GET", path, { headers: { accept: "text/html" } });
  }

  /** Sends a form, with the CSRF token of `page` if one is named. */
  async submit(path: string, fields: Readonly<Record<string, string>>, page?: string): Promise<Answer> {
    const token = page === undefined ? {} : { csrf_token: csrfTokenOf((await this.get(page)).text) };
    return this.send("POST", path, {
      headers: { accept: "text/html", "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams({ ...fields, ...token }).toString(),
    });
  }

  /** Calls the API, with the session's CSRF token where one is needed. */
  async call(method: string, path: string, body?: unknown): Promise<Answer> {
    const needsToken = method !== "GET" && path !== "/api/login" && this.cookie !== undefined;
    return this.send(method, path, {
      headers: {
        ...(body !== undefined && { "content-type": "application/json" }),
        ...(needsToken && { "x-csrf-token": await this.csrfToken() }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  }

  /** Empty without a session. */
  async csrfToken(): Promise<string> {
    const answer = await this.send("GET", "/api/csrf");
    return answer.status === 200 ? answer.json().csrfToken : "";
  }

  async signIn(user: Administrator, remember?: boolean): Promise<void> {
    const answer = await this.call("POST", "/api/login", { ...user, remember });
    assert.equal(answer.status, 200, answer.text);
  }

  async isSignedIn(): Promise<boolean> {
    return (await this.send("GET", "/api/session")).status === 200;
  }

  /** The public id of its session. */
  async sessionId(): Promise<string> {
    return (await this.send("GET", "/api/session")).json().session.id;
  }

  /** Another browser with the same cookie: a thief, or a backup. */
  copy(): Visitor {
    const copy = new Visitor(this.origin, this.userAgent);
    copy.cookie = this.cookie;
    copy.remember = this.remember;
    return copy;
  }

  #cookies(): string {
    return [
      ...(this.cookie === undefined ? [] : [`__Host-session=${this.cookie}`]),
      ...(this.remember === undefined ? [] : [`__Host-remember=${this.remember}`]),
      ...(this.device === undefined ? [] : [`__Host-device=${this.device}`]),
    ].join("; ");
  }

  #keepCookie(headers: Headers): void {
    for (const line of headers.getSetCookie()) {
      const [, name, value] = /^__Host-(session|remember|device)=([^;]*)/.exec(line) ?? [];
      if (name === "session") this.cookie = value || undefined;
      if (name === "remember") this.remember = value || undefined;
      if (name === "device" && this.keepsDevice) this.device = value || undefined;
    }
  }
}

export function csrfTokenOf(page: string): string {
  return /name="csrf_token" value="([^"]+)"/.exec(page)?.[1] ?? "";
}

/** What has come in so far, for who waits for something in it. */
class Heard {
  text = "";
  #listeners: (() => void)[] = [];

  add(text: string): void {
    this.text += text;
    for (const listener of this.#listeners.splice(0)) listener();
  }

  async until(pattern: RegExp): Promise<string> {
    while (!pattern.test(this.text)) await new Promise<void>((resolve) => this.#listeners.push(resolve));
    return this.text;
  }
}

async function textOf(
  chunks: ReadableStreamDefaultReader<string>,
  heard: Heard,
): Promise<string | undefined> {
  for (;;) {
    const read = await chunks.read().catch(() => undefined);
    if (!read) return undefined;
    if (read.done) return heard.text;
    heard.add(read.value);
  }
}
