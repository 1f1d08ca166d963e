/** A WebSocket server that can do what tests need (RFC 6455): short texts, and closing. Shaped like that of `ws`. */
import { createHash } from "node:crypto";
import { EventEmitter } from "node:events";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";

const open = 1;
const closing = 2;
const closed = 3;

const textFrame = 1;
const closeFrame = 8;
/** Longer ones have a longer head. */
const longest = 125;

export class ServerSocket extends EventEmitter {
  readonly protocol = "";
  readyState: 0 | 1 | 2 | 3 = open;
  readonly #connection: Duplex;
  #received = Buffer.alloc(0);

  constructor(connection: Duplex) {
    super();
    this.#connection = connection;
    connection.on("data", (chunk: Buffer) => this.#receive(chunk));
    connection.on("error", () => {});
    connection.on("close", () => {
      this.readyState = closed;
      this.emit("close", 1005, Buffer.alloc(0));
    });
  }

  send(text: string | ArrayBuffer | ArrayBufferView): void {
    this.#write(textFrame, Buffer.from(String(text)));
  }

  close(code = 1000, reason = ""): void {
    if (this.readyState !== open) return;
    this.readyState = closing;
    const head = Buffer.alloc(2);
    head.writeUInt16BE(code);
    this.#write(closeFrame, Buffer.concat([head, Buffer.from(reason)]));
  }

  #write(kind: number, payload: Buffer): void {
    if (payload.length > longest) throw new RangeError("This server sends short messages only");
    this.#connection.write(Buffer.concat([Buffer.from([0x80 | kind, payload.length]), payload]));
  }

  /** A client's frame: two bytes of head, four of mask, and the masked payload. */
  #receive(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk]);
    while (this.#received.length >= 6) {
      const kind = this.#received[0]! & 0x0f;
      const end = 6 + (this.#received[1]! & 0x7f);
      if (this.#received.length < end) return;
      const mask = this.#received.subarray(2, 6);
      const payload = this.#received.subarray(6, end).map((byte, at) => byte ^ mask[at % 4]!);
      this.#received = this.#received.subarray(end);
      if (kind === textFrame) this.emit("message", Buffer.from(payload), false);
      if (kind === closeFrame) this.#answerClose(Buffer.from(payload));
    }
  }

  #answerClose(payload: Buffer): void {
    if (this.readyState === open) this.#write(closeFrame, payload);
    this.readyState = closing;
    this.#connection.end();
  }
}

export class WebSocketServer extends EventEmitter {
  readonly options = { noServer: true };

  handleUpgrade(
    { headers }: IncomingMessage,
    connection: Duplex,
    _head: Buffer,
    opened: (socket: ServerSocket) => void,
  ): void {
    const accept = createHash("sha1")
      .update(`${headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
      .digest("base64");
    const head = [
      "HTTP/1.1 101 Switching Protocols",
      "Upgrade: websocket",
      "Connection: Upgrade",
      `Sec-WebSocket-Accept: ${accept}`,
    ];
    this.emit("headers", head);
    connection.write(`${head.join("\r\n")}\r\n\r\n`);
    opened(new ServerSocket(connection));
  }

  close(): void {}
}
