/** What browsers see while a real store fails: 503 with `Retry-After`, their cookies as they were, and then all goes on. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { startPostgres } from "../../../../test/servers/postgres.ts";
import { type RunningProgram, startProgram } from "../../../../test/servers/program.ts";
import { startRedis } from "../../../../test/servers/redis.ts";
import { startTcpProxy, type TcpProxy } from "../../../../test/servers/tcp-proxy.ts";
import { type Browser, Network } from "../../src/testing/browser.ts";
import type { Fault } from "../../src/testing/race/fault.ts";
import { until } from "../cached/until.ts";
import { answersLate, bytesLost, storeKilled } from "./store-faults.ts";

const program = join(import.meta.dirname, "../live/live-node.ts");

interface Outage {
  readonly server: RunningProgram;
  readonly scheme: string;
  readonly path: string;
  readonly paused: Fault;
}

const stores: Readonly<Record<string, () => Promise<Outage>>> = {
  Redis: async () => {
    const server = await startRedis("--appendonly", "yes", "--appendfsync", "always");
    const paused = {
      name: "the store is paused",
      lasts: 0,
      begin: () => void server.process.kill("SIGSTOP"),
      end: () => void server.process.kill("SIGCONT"),
    };
    return { server, scheme: "redis://", path: "", paused };
  },
  PostgreSQL: async () => {
    const server = await startPostgres();
    const paused = { name: "the store is paused", lasts: 0, begin: server.freeze, end: server.thaw };
    return { server, scheme: "postgres://postgres@", path: "/postgres", paused };
  },
};

for (const [name, start] of Object.entries(stores)) {
  describe(`A server on ${name}`, () => {
    let outage: Outage;
    let proxy: TcpProxy;
    let node: RunningProgram;
    let network: Network;
    before(async () => {
      outage = await start();
      proxy = await startTcpProxy(outage.server.port);
      const url = `${outage.scheme}127.0.0.1:${proxy.port}${outage.path}`;
      node = await startProgram(({ port }) => ({
        command: process.execPath,
        args: [program, String(port), url, "plain"],
      }));
      network = new Network(`http://127.0.0.1:${node.port}`);
    });
    after(async () => {
      network.close();
      await node[Symbol.asyncDispose]();
      await proxy[Symbol.asyncDispose]();
      await outage.server[Symbol.asyncDispose]();
    });

    const faults: Readonly<Record<string, () => Fault>> = {
      "the store is paused": () => outage.paused,
      "the store is killed": () => storeKilled(outage.server),
      "nothing comes back": () => bytesLost(proxy, "deaf"),
      "all bytes vanish": () => bytesLost(proxy, "silent"),
      "connections are half open": () => bytesLost(proxy, "half-closed"),
      "answers come too late": () => answersLate(proxy, 2_000),
    };
    for (const [what, fault] of Object.entries(faults)) {
      test(`answers 503 with Retry-After and touches no cookie while ${what} (P6)`, async (t) => {
        const ada = network.browser();
        assert.equal((await ada.post("/login")).status, 200);
        const { cookie } = ada;
        const { begin, end } = fault();
        const start = performance.now();
        await begin([]);
        try {
          for (const [method, path] of [
            ["GET", "/me"],
            ["POST", "/renew"],
            ["POST", "/logout"],
          ] as const) {
            await assertOutage(ada, method, path);
          }
          t.diagnostic(
            `three requests in ${Math.round(performance.now() - start)} ms; the store may take 500 ms`,
          );
        } finally {
          await end([]);
        }
        assert.equal(ada.cookie, cookie);
        await until(async () => (await ada.get("/me")).status === 200);
        assert.equal((await ada.post("/logout")).status, 200);
        assert.equal((await ada.get("/me")).status, 401);
      });
    }
  });
}

async function assertOutage(browser: Browser, method: string, path: string): Promise<void> {
  const { status, headers, setCookies, body } = await browser.send(method, path);
  assert.equal(status, 503, body);
  assert.match(String(headers["retry-after"]), /^\d+$/);
  assert.deepEqual(setCookies, []);
}
