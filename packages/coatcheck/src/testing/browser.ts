/** Requests over a real socket, with a cookie jar, and with every header as the test wants it. */
import { Agent, type IncomingMessage, type OutgoingHttpHeaders, request as send } from "node:http";
import { text } from "node:stream/consumers";
import { CookieJar } from "./cookie-jar.ts";

/** An answer as it came over the wire. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly setCookies: readonly string[];
  readonly body: string;
  /** The body parsed as JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: what a test reads from it, it asserts
  readonly json: any;
}

/** What a request says beyond its method and path. */
export interface Message {
  /** A `Cookie` header in place of the jar's. */
  readonly cookie?: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string | Uint8Array;
}

/** A request that has no answer by then never gets one, in milliseconds. */
const patience = 10_000;

/** The network between browsers and an application: it sees everything that passes. */
export class Network {
  readonly answers: Answer[] = [];
  readonly #origin: URL;
  readonly #agent = new Agent({ keepAlive: true });

  /** @param origin where the application answers, as `http://127.0.0.1:49152`. */
  constructor(origin: string) {
    this.#origin = new URL(origin);
  }

  /** A new browser, without cookies. */
  browser(): Browser {
    return new Browser(this);
  }

  /** One request of a program that keeps no cookies. */
  async send(method: string, path: string, message: Message = {}): Promise<Answer> {
    const answer = await read(await this.#response(method, path, message));
    this.answers.push(answer);
    return answer;
  }

  /**
   * A server may close a connection that it found idle just when the next request sets out on it: nobody has read that
   * one, so it is sent again, as browsers do (RFC 9112 §9.3.1).
   */
  #response(method: string, path: string, message: Message): Promise<IncomingMessage> {
    const { cookie, headers = {}, body } = message;
    const request = send({
      agent: this.#agent,
      signal: AbortSignal.timeout(patience),
      host: this.#origin.hostname,
      port: this.#origin.port,
      method,
      path,
      headers: {
        ...(cookie !== undefined && { cookie }),
        ...(body !== undefined && { "content-length": Buffer.byteLength(body) }),
        ...headers,
      },
    });
    return new Promise((resolve, reject) => {
      const failed = (error: NodeJS.ErrnoException) => {
        const wasClosed = request.reusedSocket && error.code === "ECONNRESET";
        if (wasClosed) resolve(this.#response(method, path, message));
        else reject(error);
      };
      request.on("response", resolve).on("error", failed).end(body);
    });
  }

  /** Closes the connections that are kept alive. */
  close(): void {
    this.#agent.destroy();
  }
}

async function read(response: IncomingMessage): Promise<Answer> {
  const body = await text(response);
  return {
    status: response.statusCode!,
    headers: response.headers,
    setCookies: response.headers["set-cookie"] ?? [],
    body,
    get json() {
      return JSON.parse(body);
    },
  };
}

/** A browser: it keeps cookies and sends them back. */
export class Browser {
  readonly #network: Network;
  readonly #jar = new CookieJar();

  constructor(network: Network) {
    this.#network = network;
  }

  get(path: string, message?: Message): Promise<Answer> {
    return this.send("GET", path, message);
  }

  post(path: string, message?: Message): Promise<Answer> {
    return this.send("POST", path, message);
  }

  async send(method: string, path: string, message: Message = {}): Promise<Answer> {
    const answer = await this.lose(method, path, message);
    for (const setCookie of answer.setCookies) this.#jar.store(setCookie);
    return answer;
  }

  /** Sends a request whose answer never arrives. The test sees it; the jar does not. */
  lose(method: string, path: string, message: Message = {}): Promise<Answer> {
    const cookie = message.cookie ?? this.#jar.header(path);
    return this.#network.send(method, path, { ...message, ...(cookie !== undefined && { cookie }) });
  }

  /** The `Cookie` header that it sends to `/`. */
  get cookie(): string | undefined {
    return this.#jar.header("/");
  }
}
