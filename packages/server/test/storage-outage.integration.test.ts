/** A server whose database or session store is away: nobody is signed out, and it heals without a restart. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { after, before, describe, test } from "node:test";
import { type RunningPostgres, startPostgres } from "../../../test/servers/postgres.ts";
import { freePort } from "../../../test/servers/program.ts";
import { type RunningRedis, startRedis } from "../../../test/servers/redis.ts";
import { coatcheckServer, type Node, type Settings, startNode } from "./support/command-line.ts";
import { ada, withAda } from "./support/test-server.ts";
import type { Answer } from "./support/visitor.ts";

let postgres: RunningPostgres;
let redis: RunningRedis;

before(async () => {
  [postgres, redis] = await Promise.all([
    startPostgres(),
    startRedis("--appendonly", "yes", "--appendfsync", "always"),
  ]);
});
after(async () => {
  await Promise.all([postgres, redis].map((server) => server[Symbol.asyncDispose]()));
});

/** An outage, and how it ends. */
interface Outage {
  begin(): Promise<void>;
  end(): Promise<void>;
}

const stopped = (server: () => RunningPostgres | RunningRedis): Outage => ({
  begin: () => server().stop(),
  end: () => server().start(),
});

const outages: Readonly<Record<string, { readonly settings: () => Settings; readonly outage: Outage }>> = {
  "PostgreSQL is stopped": {
    settings: () => ({ COATCHECK_DATABASE: postgres.url }),
    outage: stopped(() => postgres),
  },
  "PostgreSQL hangs": {
    settings: () => ({ COATCHECK_DATABASE: postgres.url }),
    outage: { begin: () => postgres.freeze(), end: async () => postgres.thaw() },
  },
  "Redis is stopped": {
    settings: () => ({ COATCHECK_DATABASE: postgres.url, COATCHECK_SESSIONS: redis.url }),
    outage: stopped(() => redis),
  },
  "Redis hangs": {
    settings: () => ({ COATCHECK_DATABASE: postgres.url, COATCHECK_SESSIONS: redis.url }),
    outage: {
      begin: async () => void redis.process.kill("SIGSTOP"),
      end: async () => void redis.process.kill("SIGCONT"),
    },
  },
  "only the users' database is away": {
    settings: () => ({ COATCHECK_DATABASE: postgres.url, COATCHECK_SESSIONS: redis.url }),
    outage: stopped(() => postgres),
  },
};

function assertKeptOut(answer: Answer): void {
  assert.equal(answer.status, 503);
  assert.ok(Number(answer.headers.get("retry-after")) > 0);
  assert.equal(answer.headers.getSetCookie().length, 0);
}

/** A way to Redis on which connections can go dead, as when a machine loses its power: nothing comes back, no goodbye. */
async function startNetwork(port: number) {
  const living = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(port, "127.0.0.1");
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      living.add(socket);
      socket.on("error", () => {}).on("close", () => other.destroy());
      socket.on("data", (chunk) => living.has(socket) && other.write(chunk));
    }
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port: own } = server.address() as { port: number };
  return {
    url: `redis://127.0.0.1:${own}`,
    /** The connections of this moment are dead. New ones are not. */
    swallowAll: () => living.clear(),
    [Symbol.asyncDispose]: async () => void server.close(),
  };
}

/** Asks until it is. Questions to a store that is away take their time, so this does not spin. */
async function ready(node: Node): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    if ((await node.visitor().send("GET", "/readyz")).status === 200) return;
  }
  assert.fail("It does not heal");
}

for (const [what, { settings, outage }] of Object.entries(outages)) {
  // Proves ASVS 16.5.2.
  test(`while ${what} nobody is signed out, and afterwards all is well without a restart`, async () => {
    await using node = await startNode({ ...settings(), ...withAda });
    const visitor = node.visitor();
    await visitor.signIn(ada);
    await outage.begin();
    try {
      const began = performance.now();
      const answers = await Promise.all([
        visitor.send("GET", "/api/session"),
        visitor.get("/devices"),
        node.visitor().call("POST", "/api/login", { ...ada }),
      ]);
      answers.forEach(assertKeptOut);
      assert.equal((await node.visitor().send("GET", "/readyz")).status, 503);
      const waited = performance.now() - began;
      assert.ok(waited < 10_000, `It took ${waited} ms to say so`);
      assert.equal((await node.visitor().send("GET", "/healthz")).status, 200);
    } finally {
      await outage.end();
    }
    await ready(node);
    assert.equal(await visitor.isSignedIn(), true);
    await node.visitor().signIn(ada);
    assert.equal(node.process.exitCode, null);
  });
}

test("a Redis that vanished without a word is left, and its successor found, without a restart", async () => {
  await using network = await startNetwork(redis.port);
  const settings = { COATCHECK_DATABASE: postgres.url, COATCHECK_SESSIONS: network.url, ...withAda };
  await using node = await startNode(settings);
  const visitor = node.visitor();
  await visitor.signIn(ada);
  network.swallowAll();
  assertKeptOut(await visitor.send("GET", "/api/session"));
  await ready(node);
  assert.equal(await visitor.isSignedIn(), true);
  await node.stop();
  assert.equal(node.output().match(/The connection to Redis was lost/g)?.length, 1);
});

test("a server stops in time, and well, while its database hangs", async () => {
  await using node = await startNode({ COATCHECK_DATABASE: postgres.url, ...withAda });
  const visitor = node.visitor();
  await visitor.signIn(ada);
  await postgres.freeze();
  try {
    const ended = once(node.process, "exit");
    node.process.kill("SIGTERM");
    assert.deepEqual(await ended, [0, null]);
  } finally {
    postgres.thaw();
  }
});

describe("a server that cannot reach its stores does not start, and says so in one line", {
  concurrency: true,
}, () => {
  const secret = "hunter2-tea-kettle";

  async function assertRefused(settings: Settings, says: RegExp): Promise<void> {
    const { code, stdout, stderr } = await coatcheckServer([], { PORT: "0", ...settings });
    assert.equal(code, 1, stderr);
    assert.equal(stdout, "");
    assert.match(stderr, says);
    assert.equal(stderr.trim().split("\n").length, 1, stderr);
    assert.doesNotMatch(stderr, new RegExp(secret));
  }

  test("nobody listens where PostgreSQL should be", async () => {
    const url = `postgres://app:${secret}@localhost:${await freePort()}/app`;
    await assertRefused(
      { COATCHECK_DATABASE: url },
      /^postgres:\/\/app@localhost:\d+\/app cannot be used: .*ECONNREFUSED.*COATCHECK_DATABASE\.$/m,
    );
  });

  test("what listens there does not answer", async () => {
    const silent = createServer((socket) => void socket.resume()).listen(0, "127.0.0.1");
    await once(silent, "listening");
    const { port } = silent.address() as { port: number };
    const at = `app:${secret}@127.0.0.1:${port}`;
    await assertRefused({ COATCHECK_DATABASE: `postgres://${at}/app` }, /cannot be used: .*time/);
    await assertRefused(
      { COATCHECK_DATABASE: postgres.url, COATCHECK_SESSIONS: `redis://${at}` },
      /cannot be used: .*time/i,
    );
    silent.close();
  });

  test("the database is not there", async () => {
    const url = new URL(postgres.url);
    url.pathname = "nowhere";
    await assertRefused({ COATCHECK_DATABASE: url.href }, /database "nowhere" does not exist/);
  });

  test("nobody listens where Redis should be", async () => {
    await assertRefused(
      {
        COATCHECK_DATABASE: postgres.url,
        COATCHECK_SESSIONS: `redis://:${secret}@localhost:${await freePort()}`,
      },
      /^redis:\/\/localhost:\d+ cannot be used: .*ECONNREFUSED.*COATCHECK_SESSIONS\.$/m,
    );
  });

  // Proves ASVS 13.2.1.
  test("Redis does not know the password", async () => {
    await using guarded = await startRedis("--requirepass", "another");
    const url = new URL(guarded.url);
    url.password = secret;
    await assertRefused(
      { COATCHECK_DATABASE: postgres.url, COATCHECK_SESSIONS: url.href },
      /cannot be used: WRONGPASS/,
    );
  });

  test("TLS is demanded and not offered", async () => {
    const withTls = `${postgres.url}?sslmode=verify-full`;
    await assertRefused({ COATCHECK_DATABASE: withTls }, /does not support SSL/);
    await assertRefused(
      { COATCHECK_DATABASE: postgres.url, COATCHECK_SESSIONS: redis.url.replace("redis:", "rediss:") },
      /cannot be used: /,
    );
  });
});
