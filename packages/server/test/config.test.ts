import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ConfigError, readConfig } from "../src/config.ts";

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
      databaseFile: "data/coatcheck.db",
      sessions: "database",
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
      COATCHECK_SESSIONS: "redis://localhost",
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

  test("what is not supported yet is refused by name, without the credentials", () => {
    const problems = problemsOf({
      COATCHECK_DATABASE: "postgres://app:hunter2@db/app",
      COATCHECK_SESSIONS: "rediss://app:hunter2@cache",
    });
    assert.match(problems[0]!, /PostgreSQL is not supported yet/);
    assert.match(problems[1]!, /Redis are not supported yet/);
    assert.doesNotMatch(problems.join(), /hunter2/);
  });

  test("credentials in a connection string that makes no sense are not repeated", () => {
    assert.doesNotMatch(problemsOf({ COATCHECK_DATABASE: "mysql://app:hunter2@db/app" })[0]!, /hunter2/);
  });

  test("sessions may be in the same database, by name or by default, or in memory", () => {
    const database = "sqlite:/srv/coatcheck.db";
    assert.equal(readConfig({ COATCHECK_SESSIONS: "memory:" }).sessions, "memory");
    assert.equal(
      readConfig({ COATCHECK_DATABASE: database, COATCHECK_SESSIONS: database }).sessions,
      "database",
    );
    assert.equal(problemsOf({ COATCHECK_SESSIONS: "sqlite:other.db" }).length, 1);
  });

  test("a mistyped name is answered with the one that was meant", () => {
    assert.match(problemsOf({ COATCHECK_DATABSE: "sqlite:x.db" })[0]!, /Did you mean COATCHECK_DATABASE\?/);
    assert.match(problemsOf({ COATCHECK_COLOUR: "red" })[0]!, /is not a setting. Remove it/);
  });

  test("a setting of the plan that nothing reads yet is told, not refused", () => {
    assert.match(
      readConfig({ COATCHECK_SECRET: "x" }).notices[0]!,
      /COATCHECK_SECRET is set, but nothing uses/,
    );
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
