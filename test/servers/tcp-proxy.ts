/** Stands between a client and a server on this machine, and does to their bytes what networks do. */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** What happens to bytes. */
export type Weather =
  /** They pass. */
  | "fine"
  /** They vanish on the way to the client, and nobody is told. */
  | "deaf"
  /** They vanish on both ways, and nobody is told. */
  | "silent"
  /** The server's half of each connection is closed, and new ones are refused. */
  | "half-closed";

export interface TcpProxy extends AsyncDisposable {
  readonly port: number;
  /** For the connections that there are and those that come. */
  weather(weather: Weather): void;
  /** How many milliseconds bytes take to the client. */
  delay(milliseconds: number): void;
  /** Resets all connections. */
  reset(): void;
  /** Connections that come from now on lead to this port. */
  leadTo(port: number): void;
}

/** A proxy on a free port before `port`. */
export async function startTcpProxy(port: number): Promise<TcpProxy> {
  const pairs = new Set<readonly [client: Socket, server: Socket]>();
  let current: Weather = "fine";
  let late = 0;
  let target = port;
  const proxy = createServer({ allowHalfOpen: true }, (client) => {
    if (current === "half-closed") {
      client.destroy();
      return;
    }
    const server = connect({ port: target, host: "127.0.0.1", allowHalfOpen: true });
    const pair = [client, server] as const;
    pairs.add(pair);
    const end = () => {
      pairs.delete(pair);
      client.destroy();
      server.destroy();
    };
    for (const socket of pair) socket.setNoDelay(true).on("error", end).on("close", end).on("end", end);
    client.on("data", (bytes) => {
      if (current !== "silent") server.write(bytes);
    });
    // Bytes never overtake each other, also when those before them are still late.
    const underway: (Buffer | string)[] = [];
    server.on("data", (bytes) => {
      if (current === "silent" || current === "deaf") return;
      if (late === 0 && underway.length === 0) {
        client.write(bytes);
        return;
      }
      underway.push(bytes);
      setTimeout(() => {
        const first = underway.shift()!;
        if (!client.destroyed) client.write(first);
      }, late);
    });
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  const reset = () => {
    for (const [client, server] of pairs) {
      client.resetAndDestroy();
      server.destroy();
    }
  };
  return {
    port: (proxy.address() as AddressInfo).port,
    weather: (weather) => {
      current = weather;
      if (weather === "half-closed") for (const [client] of pairs) client.end();
    },
    delay: (milliseconds) => {
      late = milliseconds;
    },
    reset,
    leadTo: (other) => {
      target = other;
    },
    [Symbol.asyncDispose]: async () => {
      reset();
      proxy.close();
    },
  };
}
