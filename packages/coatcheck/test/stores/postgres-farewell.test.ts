/** A server that says good-bye while a connection opens. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { test } from "node:test";
import { Pool } from "pg";
import { PostgresSessionStore } from "../../src/stores/postgres.ts";
import { sessionRecord } from "../../src/testing/record.ts";

/** A message of the protocol: its kind, its length, and what it says. */
function message(kind: string, body: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length + 4);
  return Buffer.concat([Buffer.from(kind), length, body]);
}

test("a server that goes down in the packet that opens a connection is an outage, and ends no process", async (t) => {
  const fatal = "SFATAL\0C57P01\0Mterminating connection due to administrator command\0\0";
  const packet = [
    message("R", Buffer.alloc(4)),
    message("Z", Buffer.from("I")),
    message("E", Buffer.from(fatal)),
  ];
  const server = createServer((socket) => {
    socket.once("data", () => socket.end(Buffer.concat(packet))).on("error", () => {});
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const pool = new Pool({ host: "127.0.0.1", port, user: "anybody", ssl: false });
  t.after(() => pool.end());
  const store = new PostgresSessionStore(pool);
  await assert.rejects(store.find(sessionRecord().id));
});
