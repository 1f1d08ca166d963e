/** Two processes that share a real store: what is open on one closes when the session ends on the other. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { join } from "node:path";
import { after, before, describe, type TestContext, test } from "node:test";
import { providePostgres } from "../../../../test/servers/postgres.ts";
import { type RunningProgram, startProgram } from "../../../../test/servers/program.ts";
import { provideRedis } from "../../../../test/servers/redis.ts";
import { startTcpProxy } from "../../../../test/servers/tcp-proxy.ts";
import { until } from "../cached/until.ts";

const program = join(import.meta.dirname, "live-node.ts");

type Kind = "plain" | "cached";
type Provided = AsyncDisposable & { readonly url: string };

function startNode(url: string, kind: Kind): Promise<RunningProgram> {
  return startProgram(({ port }) => ({
    command: process.execPath,
    args: [program, String(port), url, kind],
  }));
}

/** A browser that is signed in; it says itself to which node a request goes. */
class Person {
  cookie = "";

  async send(node: RunningProgram, method: string, path: string): Promise<Response> {
    const response = await fetch(`http://127.0.0.1:${node.port}${path}`, {
      method,
      headers: { cookie: this.cookie },
    });
    const [set] = response.headers.getSetCookie();
    if (set) this.cookie = set.split(";", 1)[0]!;
    return response;
  }

  async do(node: RunningProgram, path: string): Promise<void> {
    const response = await this.send(node, "POST", path);
    assert.equal(response.status, 200, await response.text());
  }

  async status(node: RunningProgram): Promise<number> {
    const response = await this.send(node, "GET", "/me");
    await response.text();
    return response.status;
  }

  /** A WebSocket that is open, and has been answered. */
  async socket(t: TestContext, node: RunningProgram): Promise<WebSocket> {
    // Node's own takes headers, of which the types of browsers know nothing.
    const options = { headers: { cookie: this.cookie } } as unknown as string[];
    const socket = new WebSocket(`ws://127.0.0.1:${node.port}/socket`, options);
    t.after(() => socket.close());
    await once(socket, "open");
    await asked(socket);
    return socket;
  }

  /** A stream of events that is open. */
  async events(node: RunningProgram): Promise<Events> {
    const response = await this.send(node, "GET", "/events");
    assert.equal(response.status, 200);
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    const { value: first } = await reader.read();
    assert.match(first!, /^event: open\n/);
    return { rest: restOf(reader) };
  }
}

interface Events {
  /** What it said after it was open, when it has closed. */
  readonly rest: Promise<string>;
}

async function restOf(reader: ReadableStreamDefaultReader<string>): Promise<string> {
  let said = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return said;
    said += value;
  }
}

async function asked(socket: WebSocket): Promise<void> {
  const answer = once(socket, "message");
  socket.send("who?");
  assert.equal((await answer)[0].data, "ada");
}

async function closed(socket: WebSocket): Promise<[code: number, reason: string]> {
  const [{ code, reason }] = await once(socket, "close");
  return [code, reason];
}

/** How long after something happened, in milliseconds. */
async function delayOf(happened: Promise<unknown>): Promise<number> {
  const start = performance.now();
  await happened;
  return performance.now() - start;
}

/** What is promised of a machine that does nothing else: half of the rounds must be within it. */
const promised = 1_000;

for (const [name, provide] of Object.entries<() => Promise<Provided>>({
  Redis: provideRedis,
  PostgreSQL: providePostgres,
})) {
  describe(`two processes on ${name}`, () => {
    let backend: Provided;
    before(async () => {
      backend = await provide();
    });
    after(() => backend[Symbol.asyncDispose]());

    for (const kind of ["plain", "cached"] as const) {
      describe(kind, () => {
        let a: RunningProgram;
        let b: RunningProgram;
        before(async () => {
          [a, b] = await Promise.all([startNode(backend.url, kind), startNode(backend.url, kind)]);
        });
        after(() => Promise.all([a, b].map((node) => node[Symbol.asyncDispose]())));

        test("a stream and a WebSocket on one close within a second of a sign-out on the other", async (t) => {
          const delays: number[] = [];
          for (let round = 0; round < 5; round++) {
            const ada = new Person();
            await ada.do(b, "/login");
            const [events, socket] = [await ada.events(a), await ada.socket(t, a)];
            const ends = Promise.all([events.rest, closed(socket)]);
            await ada.do(b, "/logout");
            delays.push(await delayOf(ends));
            const [said, close] = await ends;
            assert.equal(said, "event: ended\ndata: logout\n\n");
            assert.deepEqual(close, [4401, "logout"]);
          }
          t.diagnostic(`${delays.map(Math.round).join(", ")} ms`);
          assert.ok(delays.toSorted((x, y) => x - y)[2]! < promised, `${delays} ms`);
        });

        test("a renewal on the other closes nothing", async (t) => {
          const ada = new Person();
          await ada.do(a, "/login");
          const socket = await ada.socket(t, a);
          const before = ada.cookie;
          await ada.do(b, "/renew");
          assert.notEqual(ada.cookie, before);
          assert.equal(await ada.status(b), 200);
          assert.equal(await ada.status(a), 200);
          await asked(socket);
          const close = closed(socket);
          await ada.do(b, "/logout");
          assert.deepEqual(await close, [4401, "logout"]);
        });

        test("while the store cannot be reached nothing closes; when it is back, what ended meanwhile does (P6)", async (t) => {
          const url = new URL(backend.url);
          const proxy = await startTcpProxy(Number(url.port));
          url.hostname = "127.0.0.1";
          url.port = String(proxy.port);
          const far = await startNode(url.href, kind);
          t.after(async () => {
            await far[Symbol.asyncDispose]();
            await proxy[Symbol.asyncDispose]();
          });
          const [ada, other] = [new Person(), new Person()];
          await Promise.all([ada.do(b, "/login"), other.do(b, "/login")]);
          const [socket, staying] = [await ada.socket(t, far), await other.socket(t, far)];
          const close = closed(socket);
          proxy.weather("deaf");
          await ada.do(b, "/logout");
          await until(async () => (await other.status(far)) === 503);
          // Several looks later: each fails after half a second.
          for (let failed = 0; failed < 4; failed++) assert.equal(await other.status(far), 503);
          await asked(socket);
          proxy.weather("fine");
          proxy.reset();
          assert.deepEqual(await close, [4401, "logout"]);
          await asked(staying);
        });
      });
    }
  });
}
