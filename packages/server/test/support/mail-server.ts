/** A real mail server on this machine, and reading what it took on as a mail program does. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";

export interface ReceivedMail {
  /** Whom the server was told to deliver it to. */
  readonly recipients: readonly string[];
  /** By name in small letters, unfolded and decoded. */
  readonly headers: ReadonlyMap<string, string>;
  readonly text: string;
  readonly html: string;
  /** The one link with a code, as it stands in the text. */
  readonly link: string;
  readonly raw: string;
}

export class MailServer {
  readonly received: ReceivedMail[] = [];
  readonly port: number;
  readonly #server: SMTPServer;

  private constructor(server: SMTPServer, received: ReceivedMail[], port: number) {
    this.#server = server;
    this.received = received;
    this.port = port;
  }

  static async start(options: SMTPServerOptions = {}, port = 0): Promise<MailServer> {
    const received: ReceivedMail[] = [];
    const server = new SMTPServer({
      disabledCommands: ["AUTH", "STARTTLS"],
      onData(stream, session, done) {
        text(stream).then((raw) => {
          const recipients = session.envelope.rcptTo.map(({ address }) => address);
          received.push(readMail(raw, recipients));
          done();
        }, done);
      },
      ...options,
    });
    server.on("error", () => {});
    const socket = server.listen(port, "127.0.0.1");
    await once(socket, "listening");
    const address = socket.address() as { port: number };
    return new MailServer(server, received, address.port);
  }

  get url(): string {
    return `smtp://127.0.0.1:${this.port}`;
  }

  /** The only mail that came since it was last asked. */
  only(): ReceivedMail {
    const mails = this.received.splice(0);
    assert.equal(mails.length, 1, mails.map(({ headers }) => headers.get("subject")).join(", "));
    return mails[0]!;
  }

  async stop(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.close(resolve));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}

export function readMail(raw: string, recipients: readonly string[] = []): ReceivedMail {
  const { headers, body } = readPart(raw);
  const boundary = /^multipart\/alternative;.*boundary="([^"]+)"/.exec(headers.get("content-type")!)?.[1];
  assert.ok(boundary, "a multipart mail");
  const parts = body
    .split(`--${boundary}`)
    .slice(1, -1)
    .map((part) => readPart(part.replace(/^\r\n/, "")));
  const [plain = "", html = ""] = ["text/plain", "text/html"].map((type, index) => {
    const part = parts[index]!;
    assert.match(part.headers.get("content-type")!, new RegExp(`^${type}; charset=utf-8`));
    return decodeBody(part);
  });
  assert.equal(parts.length, 2);
  const links = plain.match(/https?:\S+[=#][\w-]{43}/g) ?? [];
  assert.equal(links.length, 1, plain);
  return { recipients, headers, text: plain, html, link: links[0]!, raw };
}

interface Part {
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

function readPart(raw: string): Part {
  const end = raw.indexOf("\r\n\r\n");
  const lines = raw
    .slice(0, end)
    .replace(/\r\n[ \t]+/g, " ")
    .split("\r\n");
  const entries = lines.map((line): [string, string] => {
    const [, name = "", value = ""] = /^([\w-]+): ?(.*)$/.exec(line)!;
    return [name.toLowerCase(), decodeWords(value)];
  });
  const headers = new Map(entries);
  assert.equal(headers.size, entries.length, "no header comes twice");
  return { headers, body: raw.slice(end + 4) };
}

function decodeBody({ headers, body }: Part): string {
  switch (headers.get("content-transfer-encoding")) {
    case "base64":
      return Buffer.from(body, "base64").toString();
    case "quoted-printable":
      return decodeQuotedPrintable(body.replace(/=\r\n/g, ""));
    default:
      return body.replaceAll("\r\n", "\n");
  }
}

/** RFC 2047: words of a header in letters that it could not have. */
function decodeWords(value: string): string {
  return value
    .replace(/\?= =\?/g, "?==?")
    .replace(/=\?utf-8\?([bq])\?([^?]*)\?=/gi, (_, encoding: string, word: string) =>
      encoding.toLowerCase() === "b"
        ? Buffer.from(word, "base64").toString()
        : decodeQuotedPrintable(word.replaceAll("_", " ")),
    );
}

function decodeQuotedPrintable(text: string): string {
  const bytes = text
    .replaceAll("\r\n", "\n")
    .replace(/=([\dA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, "latin1").toString();
}
