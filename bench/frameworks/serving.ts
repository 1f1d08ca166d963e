import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Serving } from "../application.ts";

/** A server that listens, as whoever measures it sees it. */
export function servingBy(server: Server): Serving {
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
    },
  };
}
