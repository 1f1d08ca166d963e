/** Requests as Node's own server shows them. */
import type { RequestSource } from "./client.ts";

/** The part of Node's `IncomingMessage` that is read. */
export interface NodeMessage {
  readonly method?: string | undefined;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly socket: { readonly remoteAddress?: string | undefined; readonly encrypted?: boolean };
}

/** A header by its lower-case name; several of one name joined by commas. */
export function nodeHeader({ headers }: NodeMessage, name: string): string | undefined {
  const value = headerIn(headers, name);
  return Array.isArray(value) ? value.join(", ") : value;
}

function headerIn(headers: NodeMessage["headers"], name: string): string | string[] | undefined {
  // Those that every guard reads are read by their names, in a fraction of the time that any name takes.
  switch (name) {
    case "cookie":
      return headers.cookie;
    case "user-agent":
      return headers["user-agent"];
    case "accept-language":
      return headers["accept-language"];
    case "host":
      // HTTP/2 has none.
      return headers.host ?? headers[":authority"];
    default:
      return headers[name];
  }
}

/** A field of a form body that the framework has parsed; undefined if there is none or no text. */
export function parsedField(body: unknown, name: string): string | undefined {
  const value =
    typeof body === "object" && body !== null ? (body as Record<string, unknown>)[name] : undefined;
  return typeof value === "string" ? value : undefined;
}

/** What the requests of frameworks on Node's server have in common. */
export class NodeSource implements RequestSource {
  readonly #message: NodeMessage;

  constructor(message: NodeMessage) {
    this.#message = message;
  }

  get method(): string {
    return this.#message.method!;
  }

  /** Not the `ip` of a framework: which proxies count is said once, in `trustedProxies`. */
  get remoteAddress(): string | undefined {
    return this.#message.socket.remoteAddress;
  }

  get encrypted(): boolean {
    return this.#message.socket.encrypted === true;
  }

  header(name: string): string | undefined {
    return nodeHeader(this.#message, name);
  }
}
