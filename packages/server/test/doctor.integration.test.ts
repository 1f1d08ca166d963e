/** `coatcheck-server doctor`, as an operator runs it beside a real server. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, type TestContext, test } from "node:test";
import { type Finding, generateKey, KeyRing } from "coatcheck";
import { startRedis } from "../../../test/servers/redis.ts";
import { isOperatorPass, operatorPass } from "../src/doctor/pass.ts";
import { coatcheckServer, type Ended, type Node, type Settings, startNode } from "./support/command-line.ts";
import { withAda } from "./support/test-server.ts";

let folder: string;
let server: Node;
let settings: Settings;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "coatcheck-doctor-"));
  settings = { COATCHECK_DATABASE: `sqlite:${join(folder, "coatcheck.db")}` };
  server = await startNode({ ...settings, ...withAda });
});
after(async () => {
  await server[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

/** Runs the doctor with settings that the running server may not know of. */
async function examine(
  others: Settings = {},
): Promise<Ended & { readonly findings: Finding[]; codes: string[] }> {
  const ended = await coatcheckServer(["doctor", "--json"], {
    ...settings,
    PORT: `${server.port}`,
    ...others,
  });
  assert.match(ended.stdout, /^\{/, ended.stderr);
  const { findings } = JSON.parse(ended.stdout);
  const codes = findings.map(({ code }: Finding) => code).filter((code: string) => code !== "mail-off");
  return { ...ended, findings, codes };
}

describe("coatcheck-server doctor", () => {
  test("finds nothing where all is well but that there is no mail, and ends with 0", async () => {
    const { code, findings } = await examine();
    assert.deepEqual(
      findings.map(({ code, severity }) => [code, severity]),
      [["mail-off", "note"]],
    );
    assert.equal(code, 0);
  });

  test("tells people what is wrong, why it matters and what to do", async () => {
    const { stdout } = await coatcheckServer(["doctor"], { ...settings, PORT: `${server.port}` });
    assert.match(
      stdout,
      /^The server at http:\/\/localhost:\d+ was asked\.\n\nNOTE +COATCHECK_SMTP_URL is not set\.\n +People .+\n +=> Set it to smtp:/,
    );
  });

  test("sees through a real proxy that the server does not trust, and ends with 1 where another host is asked", async (t) => {
    const proxied = await startNode({
      COATCHECK_DATABASE: `sqlite:${join(folder, "proxied.db")}`,
      ...withAda,
      COATCHECK_ORIGIN: "http://localhost:1",
    });
    t.after(() => proxied[Symbol.asyncDispose]());
    const proxy = await startProxy(t, proxied.port);
    const { code, findings } = await examine({
      COATCHECK_DATABASE: `sqlite:${join(folder, "proxied.db")}`,
      COATCHECK_ORIGIN: proxy,
    });
    assert.equal(code, 1);
    assert.deepEqual(
      findings.map(({ code, severity }) => [code, severity]),
      [
        ["other-host", "error"],
        ["proxy-not-trusted", "warning"],
        ["mail-off", "note"],
      ],
    );
    assert.match(findings[1]!.fix, /COATCHECK_TRUST_PROXY=127\.0\.0\.1|COATCHECK_TRUST_PROXY=::1/);
  });

  test("tells a server with other keys from its own", async () => {
    const { code, codes } = await examine({ COATCHECK_SECRET: generateKey() });
    assert.deepEqual([code, codes], [1, ["other-server"]]);
  });

  test("without a running server it looks at the sessions itself, and says what it could not see", async () => {
    const { code, codes } = await examine({ PORT: "1" });
    assert.deepEqual([code, codes], [0, ["server-unreachable"]]);
  });

  test("makes no database where there is none", async () => {
    const file = join(folder, "nowhere.db");
    const { code, codes } = await examine({ COATCHECK_DATABASE: `sqlite:${file}` });
    assert.deepEqual([code, codes], [0, ["server-unreachable"]]);
    assert.deepEqual([existsSync(file), existsSync(`${file}.keys`)], [false, false]);
  });

  test("finds a Redis that drops keys, and ends with 1", async () => {
    await using redis = await startRedis("--maxmemory", "50mb", "--maxmemory-policy", "allkeys-lru");
    const { code, codes } = await examine({ COATCHECK_SESSIONS: redis.url, PORT: "1" });
    assert.deepEqual(codes, ["redis-eviction", "redis-not-persistent", "server-unreachable"]);
    assert.equal(code, 1);
  });

  test("finds a store that does not answer", async () => {
    const { code, codes } = await examine({ COATCHECK_SESSIONS: "redis://127.0.0.1:1", PORT: "1" });
    assert.deepEqual([code, codes], [1, ["store-unavailable", "server-unreachable"]]);
  });

  test("finds a mail server that does not answer, and shows no password", async () => {
    const { code, codes, stdout, stderr } = await examine({
      COATCHECK_SMTP_URL: "smtp://ada:hunter2-secret@127.0.0.1:1",
    });
    assert.deepEqual([code, codes], [1, ["mail-unavailable"]]);
    assert.ok(!(stdout + stderr).includes("hunter2-secret"));
  });
});

describe("What the server tells operators", () => {
  // Proves ASVS 13.4.5.
  test("is nothing to others: without a pass there is no such page", async () => {
    const answers = await Promise.all(
      ["/doctor", "/nothing-here"].map(async (path) => {
        const response = await fetch(server.origin + path, {
          headers: { authorization: "Coatcheck-Operator x.y" },
        });
        return [response.status, (await response.text()).replaceAll(path, "")];
      }),
    );
    assert.deepEqual(answers[0]![0], 404);
    assert.deepEqual(withoutIds(answers[0]!), withoutIds(answers[1]!));
  });

  test("needs the server's own keys, and a pass that is younger than a minute", () => {
    const keys = new KeyRing([generateKey()]);
    const pass = operatorPass(keys, 0);
    assert.ok(isOperatorPass(keys, pass, 59_999));
    assert.ok(!isOperatorPass(keys, pass, 60_000));
    assert.ok(!isOperatorPass(new KeyRing([generateKey()]), pass, 0));
    for (const text of [
      undefined,
      "",
      "Coatcheck-Operator",
      pass.split(" ")[1],
      `Bearer ${pass.split(" ")[1]}`,
    ]) {
      assert.ok(!isOperatorPass(keys, text, 0));
    }
  });
});

/** Requests are numbered, and pages carry a nonce. */
function withoutIds(answer: readonly unknown[]): string {
  return JSON.stringify(answer).replaceAll(/[A-Za-z0-9_-]{12,}/g, "");
}

/** A proxy that speaks https to browsers, or says so. */
async function startProxy(t: TestContext, port: number): Promise<string> {
  const proxy = createServer((incoming, outgoing) => {
    const headers = { ...incoming.headers, "x-forwarded-proto": "https" };
    const onward = request({ host: "127.0.0.1", port, path: incoming.url, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(outgoing);
    });
    incoming.pipe(onward);
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  t.after(() => proxy.close());
  return `http://localhost:${(proxy.address() as AddressInfo).port}`;
}
