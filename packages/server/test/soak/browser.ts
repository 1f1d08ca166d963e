/** One connection to the server that is kept alive, and what became of each request on it. */
import { Agent, request } from "node:http";
import { text } from "node:stream/consumers";
import { userAgent } from "./town.ts";

export interface Message {
  /** The address that the proxy in front has seen. */
  readonly from?: string;
  readonly cookie?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly json?: unknown;
}

export interface Reply {
  readonly status: number;
  readonly setCookies: readonly string[];
  readonly body: string;
  readonly milliseconds: number;
}

/** Nobody listens any more, or whoever did has waited for a next request for long enough. */
export class RefusedError extends Error {}

/** The server cannot do it now, and says when to try again. */
export class BusyError extends Error {}

/** A request set out on a connection, and no answer came back. */
export class DroppedError extends Error {}

export class Browser {
  readonly #port: number;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  readonly #closesAt: () => number;

  /** @param closesAt from when on the server may close connections that it keeps alive, by `performance.now()`. */
  constructor(port: number, closesAt: () => number) {
    this.#port = port;
    this.#closesAt = closesAt;
  }

  /** @throws RefusedError, DroppedError, BusyError */
  async send(method: string, path: string, message: Message = {}): Promise<Reply> {
    const { from = "127.0.0.1", cookie, headers = {}, json } = message;
    const body = json === undefined ? undefined : JSON.stringify(json);
    const start = performance.now();
    const { promise, resolve, reject } = Promise.withResolvers<Omit<Reply, "milliseconds">>();
    const fail = (error: NodeJS.ErrnoException) => {
      const left = Math.round(this.#closesAt() - start);
      const where = `on a ${sent.reusedSocket ? "kept" : "new"} connection, ${left} ms before it may be closed`;
      const what = `${method} ${path}: ${error.code ?? error.message} ${where}`;
      const isLate = sent.reusedSocket && start >= this.#closesAt();
      reject(error.code === "ECONNREFUSED" || isLate ? new RefusedError(what) : new DroppedError(what));
    };
    const sent = request({
      agent: this.#agent,
      host: "127.0.0.1",
      port: this.#port,
      method,
      path,
      headers: {
        "user-agent": userAgent,
        "x-forwarded-for": from,
        ...(method !== "GET" && { "sec-fetch-site": "same-origin" }),
        ...(cookie !== undefined && { cookie }),
        ...(body !== undefined && {
          "content-type": "application/json",
          "content-length": Buffer.byteLength(body),
        }),
        ...headers,
      },
    })
      .on("response", (response) => {
        const { statusCode: status = 0, headers } = response;
        text(response).then((body) => {
          if (status === 503 && headers["retry-after"]) reject(new BusyError());
          else resolve({ status, setCookies: headers["set-cookie"] ?? [], body });
        }, fail);
      })
      .on("error", fail)
      .end(body);
    return { ...(await promise), milliseconds: performance.now() - start };
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** The value of a cookie that an answer sets. */
export function cookieSet({ setCookies }: Reply, name: string): string | undefined {
  return setCookies
    .find((line) => line.startsWith(`${name}=`))
    ?.slice(name.length + 1)
    .split(";")[0];
}
