/** A bad line: what lies before our server brings each page in two pieces, and the second one when it is told to. */
import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export class TwoPieces {
  /** How much of a page comes at once, from 0 to 1. */
  share = 1;
  readonly #server: Server;
  #bringRest = () => {};

  private constructor(server: Server) {
    this.#server = server;
  }

  static async before(origin: string): Promise<TwoPieces> {
    const server = createServer();
    const pieces = new TwoPieces(server);
    server.on("request", async ({ url, headers }, response) => {
      const { cookie = "", accept = "" } = headers;
      // What its scripts ask for does not come.
      if (!["document", "style", "script", "image"].includes(String(headers["sec-fetch-dest"])))
        return response.writeHead(404).end();
      const language = String(headers["accept-language"]);
      const answer = await fetch(origin + url, { headers: { cookie, accept, "accept-language": language } });
      response.setHeader("Content-Type", answer.headers.get("content-type")!);
      pieces.#bring(
        Buffer.from(await answer.arrayBuffer()),
        headers["sec-fetch-dest"] === "document",
        response,
      );
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return pieces;
  }

  get origin(): string {
    return `http://localhost:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Brings what is missing of the page. */
  rest(): void {
    this.#bringRest();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  #bring(body: Buffer, isPage: boolean, response: ServerResponse): void {
    const first = isPage ? Math.floor(body.length * this.share) : body.length;
    response.write(body.subarray(0, first));
    if (isPage) this.#bringRest = () => response.end(body.subarray(first));
    else response.end();
  }
}
