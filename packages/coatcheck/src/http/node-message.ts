/** Requests as Node's own server shows them. */

/** The part of Node's `IncomingMessage` that is read. */
export interface NodeMessage {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly socket: { readonly remoteAddress?: string | undefined; readonly encrypted?: boolean };
}

/** A header by its lower-case name; several of one name joined by commas. */
export function nodeHeader({ headers }: NodeMessage, name: string): string | undefined {
  // HTTP/2 has no Host.
  const value = headers[name] ?? (name === "host" ? headers[":authority"] : undefined);
  return Array.isArray(value) ? value.join(", ") : value;
}

/** A field of a form body that the framework has parsed; undefined if there is none or no text. */
export function parsedField(body: unknown, name: string): string | undefined {
  const value =
    typeof body === "object" && body !== null ? (body as Record<string, unknown>)[name] : undefined;
  return typeof value === "string" ? value : undefined;
}
