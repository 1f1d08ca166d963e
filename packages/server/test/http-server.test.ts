/** Stopping a server at the worst moment. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect } from "node:net";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import { Hono } from "hono";
import type { AppEnv } from "../src/env.ts";
import { close, listen } from "../src/http-server.ts";

const clients = 20;

/** Connects and asks so many times, counts in `connected`, and tells what each was answered. */
const crowd = `
  const { connect } = require("node:net");
  const { parentPort, workerData: { port, clients, connected } } = require("node:worker_threads");
  const ask = () => new Promise((resolve) => {
    let answer = "";
    const socket = connect(port, "127.0.0.1", () => {
      socket.write("GET / HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n");
      Atomics.add(connected, 0, 1);
      Atomics.notify(connected, 0);
    });
    socket.on("data", (bytes) => { answer += bytes; });
    socket.on("error", ({ code }) => resolve(code));
    socket.on("end", () => resolve(answer.split("\\r\\n")[0]));
  });
  Promise.all(Array.from({ length: clients }, ask)).then((answers) => parentPort.postMessage(answers));
`;

test("a server that is told to stop answers all who have connected, though it was too busy to let them in", async () => {
  const app = new Hono<AppEnv>().get("/", (context) => context.text("here"));
  const server = await listen(0, "127.0.0.1", (port) => ({ app, origin: `http://localhost:${port}` }));
  const connected = new Int32Array(new SharedArrayBuffer(4));
  const { port } = server.address() as AddressInfo;
  const worker = new Worker(crowd, { eval: true, workerData: { port, clients, connected } });
  const answered = once(worker, "message");
  // Busy: the event loop stands still until the last of them has connected.
  for (let count = 0; count < clients; count = Atomics.load(connected, 0)) {
    assert.notEqual(Atomics.wait(connected, 0, count, 20_000), "timed-out");
  }
  await close(server);
  const [answers] = await answered;
  assert.deepEqual(
    answers,
    Array.from({ length: clients }, () => "HTTP/1.1 200 OK"),
  );
  await worker.terminate();
});

test("a request whose target names a user is a refusal, and no error of the server's", async () => {
  const app = new Hono<AppEnv>().get("*", (context) => context.text(context.req.raw.url));
  const server = await listen(0, "127.0.0.1", (port) => ({ app, origin: `http://localhost:${port}` }));
  const { port } = server.address() as AddressInfo;
  const statusOf = async (target: string) => {
    const socket = connect(port, "127.0.0.1");
    socket.write(`GET ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
    return (await text(socket)).split(" ")[1];
  };
  try {
    for (const target of [
      "https://user@evil.example/",
      "http://user:secret@localhost/",
      "HTTP://@localhost/",
    ]) {
      assert.equal(await statusOf(target), "400", target);
    }
    for (const target of ["http://localhost/", "http://localhost/@", "/a@b", "/?next=http://user@host/"]) {
      assert.equal(await statusOf(target), "200", target);
    }
  } finally {
    await close(server, 0);
  }
});
