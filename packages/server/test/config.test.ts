import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { generateKey } from "coatcheck";
import { ConfigError, readConfig } from "../src/config.ts";

/** Where users are not in a file, keys have to be given. */
const COATCHECK_SECRET = generateKey();

function problemsOf(environment: Record<string, string>): readonly string[] {
  try {
    readConfig(environment);
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.problems;
  }
  return [];
}

describe("the configuration", () => {
  test("an empty environment gives a server for this machine on an embedded database", () => {
    assert.deepEqual(readConfig({}), {
      port: 3000,
      host: "127.0.0.1",
      origin: undefined,
      database: { kind: "sqlite", file: "data/coatcheck.db" },
      sessions: { kind: "sqlite", file: "data/coatcheck.db" },
      keys: { kind: "file", file: "data/coatcheck.db.keys" },
      administrator: undefined,
      trustedProxies: [],
      notices: [],
    });
  });

  test("an empty variable counts as not set", () => {
    assert.equal(readConfig({ PORT: "", COATCHECK_ORIGIN: "", COATCHECK_ADMIN_EMAIL: "" }).port, 3000);
  });

  test("all errors are reported at once", () => {
    const problems = problemsOf({
      PORT: "eighty",
      COATCHECK_ORIGIN: "example.com",
      COATCHECK_DATABASE: "mysql://localhost/app",
      COATCHECK_SESSIONS: "memcached://localhost",
      COATCHECK_ADMIN_EMAIL: "ada@example.com",
      COATCHECK_TRUST_PROXY: "everyone",
      COATCHECK_ORIGINS: "https://example.com",
    });
    assert.equal(problems.length, 7);
  });

  test("plain http on anything but this machine is refused, and the error says what to do", () => {
    const [problem] = problemsOf({ COATCHECK_ORIGIN: "http://sign-in.example.com" });
    assert.match(problem!, /set it to https:\/\/sign-in\.example\.com/);
  });

  for (const origin of ["http://localhost:8080", "http://127.0.0.1:3000", "http://[::1]:3000"]) {
    test(`plain http is accepted on ${origin}`, () => {
      assert.equal(readConfig({ COATCHECK_ORIGIN: origin }).origin, origin);
    });
  }

  test("an origin is kept without its trailing slash and its default port", () => {
    assert.equal(
      readConfig({ COATCHECK_ORIGIN: "https://Sign-In.example.com:443/" }).origin,
      "https://sign-in.example.com",
    );
  });

  for (const origin of ["https://example.com/app", "https://a:b@example.com", "https://example.com/?x"]) {
    test(`an origin with more than scheme, host and port is refused: ${origin}`, () => {
      assert.match(problemsOf({ COATCHECK_ORIGIN: origin })[0]!, /Set it to https:\/\/example\.com\./);
    });
  }

  test("listening where other machines reach it demands a public origin", () => {
    assert.match(problemsOf({ HOST: "0.0.0.0" })[0]!, /COATCHECK_ORIGIN is not set/);
    assert.deepEqual(problemsOf({ HOST: "0.0.0.0", COATCHECK_ORIGIN: "https://example.com" }), []);
  });

  test("credentials in a connection string that makes no sense are not repeated", () => {
    for (const wrong of [
      "mysql://app:hunter2@db/app",
      "postgres://app:hunter2/%zz@db/app",
      "postgres://app:hunter2%@db/app",
      "postgres:app:hunter2@db",
      "redis:hunter2@db",
      "hunter2@db",
      "postgres://app:hunter2@db/app?sslmode=verify-fll",
      "memory:hunter2",
    ]) {
      const problems = problemsOf({ COATCHECK_DATABASE: wrong, COATCHECK_SESSIONS: wrong });
      assert.equal(problems.length, 2, wrong);
      assert.doesNotMatch(problems.join(), /hunter2/);
    }
  });

  test("sessions are in the database, unless something else is said", () => {
    const database = "postgres://app@localhost/coatcheck";
    const env = { COATCHECK_DATABASE: database, COATCHECK_SECRET };
    const inDatabase = readConfig(env);
    assert.deepEqual(inDatabase.sessions, { kind: "postgres", url: database });
    assert.deepEqual(readConfig({ ...env, COATCHECK_SESSIONS: database }), inDatabase);
    const sessionsIn = (COATCHECK_SESSIONS: string) => readConfig({ COATCHECK_SESSIONS }).sessions;
    assert.deepEqual(sessionsIn("memory:"), { kind: "memory" });
    assert.deepEqual(sessionsIn("redis://localhost:6380/2"), {
      kind: "redis",
      url: "redis://localhost:6380/2",
    });
    assert.deepEqual(sessionsIn("sqlite:other.db"), { kind: "sqlite", file: "other.db" });
    assert.deepEqual(sessionsIn(database), { kind: "postgres", url: database });
  });

  test("users are kept in a database, not in Redis and not in memory", () => {
    for (const COATCHECK_DATABASE of ["redis://localhost", "memory:"]) {
      assert.match(problemsOf({ COATCHECK_DATABASE })[0]!, /users cannot be kept in (redis|memory):/);
    }
  });

  test("a mode of TLS that is none is refused: it would be taken for no TLS", () => {
    const problems = problemsOf({ COATCHECK_DATABASE: "postgres://db.example.com/app?sslmode=verify-fll" });
    assert.match(problems[0]!, /Did you mean verify-full\?/);
    assert.equal(problemsOf({ COATCHECK_DATABASE: "postgres://localhost/app?sslmode=prefer" }).length, 1);
  });

  test("a plain connection to another machine is told, without its password", () => {
    const noticesFor = (database: string, env: Record<string, string> = {}) =>
      readConfig({ COATCHECK_DATABASE: database, COATCHECK_SECRET, ...env }).notices;
    for (const plain of [
      "postgres://app:hunter2@db.example.com/app",
      "postgres://app:hunter2@db.example.com/app?sslmode=disable",
      "postgres:///app?host=db.example.com&password=hunter2",
      "postgres://app:hunter2@db.example.com/app?sslmode=no-verify",
    ]) {
      const notices = noticesFor(plain);
      assert.equal(notices.length, 1, plain);
      assert.match(notices[0]!, /sslmode=verify-full/);
      assert.doesNotMatch(notices[0]!, /hunter2/);
    }
    assert.equal(noticesFor("postgres:///app", { PGHOST: "db.example.com" }).length, 1);
    for (const safe of [
      "postgres://app@localhost/app",
      "postgres://app@127.0.0.1/app",
      "postgres:///app?host=/var/run/postgresql",
      "postgres://db.example.com/app?sslmode=verify-full",
      "postgres://db.example.com/app?sslrootcert=/etc/ca.pem",
      "postgres://db.example.com/app?ssl=true",
    ]) {
      assert.deepEqual(noticesFor(safe), [], safe);
    }
    assert.deepEqual(noticesFor("postgres://db.example.com/app", { PGSSLMODE: "verify-full" }), []);
    const redis = (COATCHECK_SESSIONS: string) => readConfig({ COATCHECK_SESSIONS }).notices;
    assert.match(redis("redis://:hunter2@cache.example.com")[0]!, /Use rediss:\/\/\./);
    assert.doesNotMatch(redis("redis://:hunter2@cache.example.com")[0]!, /hunter2/);
    assert.deepEqual(redis("rediss://cache.example.com"), []);
    assert.deepEqual(redis("redis://[::1]:6379"), []);
  });

  test("what is said to be encrypted is verified, in this and in later releases of the client", () => {
    const COATCHECK_DATABASE = "postgres://localhost/app?sslmode=require";
    const { database } = readConfig({ COATCHECK_DATABASE, COATCHECK_SECRET });
    assert.deepEqual(database, { kind: "postgres", url: "postgres://localhost/app?sslmode=verify-full" });
  });

  test("a mistyped name is answered with the one that was meant", () => {
    assert.match(problemsOf({ COATCHECK_DATABSE: "sqlite:x.db" })[0]!, /Did you mean COATCHECK_DATABASE\?/);
    assert.match(problemsOf({ COATCHECK_COLOUR: "red" })[0]!, /is not a setting. Remove it/);
  });

  test("keys are demanded where there is no file to keep them beside, with how to make one", () => {
    const COATCHECK_DATABASE = "postgres://localhost/app";
    const [problem, ...more] = problemsOf({ COATCHECK_DATABASE });
    assert.match(problem!, /^COATCHECK_SECRET is not set.*coatcheck-server keys generate prints/);
    assert.deepEqual(more, []);
    assert.equal(readConfig({ COATCHECK_DATABASE }, "tools").keys, undefined);
  });

  test("keys that are given are used, also beside a file", () => {
    const older = generateKey();
    const { keys } = readConfig({ COATCHECK_SECRET: `${COATCHECK_SECRET}, ${older}` });
    assert.deepEqual(keys, { kind: "given", keys: [COATCHECK_SECRET, older] });
  });

  test("keys that are none are refused, and not shown", () => {
    const [id, secret] = COATCHECK_SECRET.split(":");
    for (const wrong of [
      "hunter2",
      secret!,
      `${id}:${secret!.slice(1)}`,
      `${COATCHECK_SECRET},`,
      `${COATCHECK_SECRET},${COATCHECK_SECRET}`,
    ]) {
      const problems = problemsOf({ COATCHECK_SECRET: wrong });
      assert.equal(problems.length, 1);
      assert.match(problems[0]!, /^COATCHECK_SECRET: .*keys generate prints/);
      assert.ok(!problems[0]!.includes("hunter2") && !problems[0]!.includes(secret!.slice(1)));
    }
  });

  test("https without a proxy that is trusted is told: all devices would have the proxy's address", () => {
    const COATCHECK_ORIGIN = "https://example.com";
    assert.match(readConfig({ COATCHECK_ORIGIN }).notices[0]!, /COATCHECK_TRUST_PROXY does not name it/);
    assert.deepEqual(readConfig({ COATCHECK_ORIGIN, COATCHECK_TRUST_PROXY: "loopback" }).notices, []);
  });

  test("the administrator's address and password are only taken together and only if they are sound", () => {
    assert.match(problemsOf({ COATCHECK_ADMIN_EMAIL: "ada@example.com" })[0]!, /is set alone/);
    const problems = problemsOf({ COATCHECK_ADMIN_EMAIL: "ada", COATCHECK_ADMIN_PASSWORD: "short" });
    assert.equal(problems.length, 2);
    assert.doesNotMatch(problems.join(), /"short"/);
  });

  test("proxies are addresses and networks", () => {
    const { trustedProxies } = readConfig({ COATCHECK_TRUST_PROXY: "loopback, 10.0.0.0/8,::1" });
    assert.deepEqual(trustedProxies, ["loopback", "10.0.0.0/8", "::1"]);
    for (const wrong of ["10.0.0.0/33", "0.0.0.0/0", "true", "10.0.0.0/8/8", "proxy.local"]) {
      assert.equal(problemsOf({ COATCHECK_TRUST_PROXY: wrong }).length, 1, wrong);
    }
  });
});
