/** Requests as they are: with headers that `fetch` would refuse, to paths that it would tidy. */
import { once } from "node:events";
import { Agent, type IncomingHttpHeaders, type IncomingMessage, request } from "node:http";
import { text } from "node:stream/consumers";
import { wasCutOff } from "../../../../test/servers/until-answered.ts";

export interface WireRequest {
  readonly method: string;
  /** With its query, in whatever spelling. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body?: string | Buffer | undefined;
}

export interface WireAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly cookies: readonly string[];
  readonly text: string;
}

/** Speaks to one server, over few connections. */
export class Wire {
  readonly #origin: string;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 4 });

  constructor(origin: string) {
    this.#origin = origin;
  }

  /**
   * Sends it once more where a connection that was kept was closed meanwhile, as browsers do.
   * @returns undefined if that happens again and again: whoever refuses a body in the middle closes, too.
   */
  async send(sent: WireRequest): Promise<WireAnswer | undefined> {
    for (let attempt = 1; attempt <= 3; attempt++) {
      try {
        return await this.#send(sent);
      } catch (error) {
        if (!wasCutOff(error)) throw error;
      }
    }
    return undefined;
  }

  async #send({ method, path, headers, body }: WireRequest): Promise<WireAnswer> {
    const { hostname, port } = new URL(this.#origin);
    const content = body === undefined ? Buffer.alloc(0) : Buffer.from(body as string);
    const sent = Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, asHeader(value)] as const],
    );
    const outgoing = request({
      agent: this.#agent,
      hostname,
      port,
      method,
      path: asPath(path),
      headers: { ...Object.fromEntries(sent), "content-length": String(content.length) },
    });
    // Who refuses a body in the middle answers, and closes then.
    outgoing.on("error", () => {});
    outgoing.end(content);
    const [incoming] = (await once(outgoing, "response")) as [IncomingMessage];
    const { statusCode: status = 0, headers: answered } = incoming;
    return { status, headers: answered, cookies: answered["set-cookie"] ?? [], text: await text(incoming) };
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** Without what Node would not send at all, or refuse before anybody sees it. */
function asHeader(value: string): string {
  return value.replace(/[^\t\x20-\x7e\x80-\xff]/g, "").trim();
}

function asPath(path: string): string {
  return path.toWellFormed().replace(/[^\x21-\x7e]/gu, encodeURIComponent);
}
