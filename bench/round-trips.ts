/** How often a store asks its database and waits for the answer: counted on the wire between the two. */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import type { SessionManager } from "coatcheck";
import { sessionsIn } from "./population.ts";
import { type Place, type StoreName, stores } from "./stores.ts";

export interface Tapped extends AsyncDisposable {
  readonly sessions: SessionManager;
  /** How many round trips a deed takes, once the connection for it is open. */
  count(deed: () => Promise<unknown>): Promise<number>;
}

const validations = 1_000;

/** The round trips of one validation, of so many one after another; none where no database is asked. */
export async function roundTripsOfValidation(name: StoreName, place: Place): Promise<number> {
  if (!stores[name].database) return 0;
  await using tapped = await tap(name, place);
  const { token } = await tapped.sessions.create("user-1");
  const counted = await tapped.count(async () => {
    for (let n = 0; n < validations; n++) {
      const { ok } = await tapped.sessions.validate(token);
      if (!ok) throw new Error("A live session was rejected");
    }
  });
  return counted / validations;
}

/** Sessions in this store, whose database is reached through a proxy that counts. */
export async function tap(name: StoreName, place: Place): Promise<Tapped> {
  await using stack = new AsyncDisposableStack();
  const { database } = stores[name];
  if (!database) throw new TypeError(`${name} asks no database`);
  const wire = stack.use(await tapWire(new URL(place.databases[database]!)));
  const databases = { ...place.databases, [database]: wire.url };
  const opened = stack.adopt(await stores[name].open({ ...place, databases }), (open) => open.close());
  const sessions = sessionsIn(opened.store);
  const running = stack.move();
  return {
    sessions,
    async count(deed) {
      await sessions.ready();
      const before = wire.roundTrips();
      await deed();
      return wire.roundTrips() - before;
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

interface Wire extends AsyncDisposable {
  readonly url: string;
  roundTrips(): number;
}

/** A round trip begins when the client speaks for the first time since the server did. */
async function tapWire(server: URL): Promise<Wire> {
  let roundTrips = 0;
  const sockets = new Set<Socket>();
  const proxy = createServer({ noDelay: true }, (client) => {
    const upstream = connect({ host: server.hostname, port: Number(server.port), noDelay: true });
    let asking = false;
    client.on("data", () => {
      if (!asking) roundTrips++;
      asking = true;
    });
    upstream.on("data", () => {
      asking = false;
    });
    client.pipe(upstream).pipe(client);
    for (const socket of [client, upstream]) sockets.add(socket.on("error", () => socket.destroy()));
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  const url = new URL(server);
  url.host = `127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  return {
    url: url.href,
    roundTrips: () => roundTrips,
    [Symbol.asyncDispose]: async () => {
      proxy.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
