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

const withoutMail =
  "COATCHECK_SMTP_URL is not set: nobody is told by mail of new devices, theft or a changed password, " +
  "and forgotten passwords cannot be reset.";

/** What is told beside the one notice that all these environments have. */
function noticesOf(environment: Record<string, string>): readonly string[] {
  return readConfig(environment).notices.filter((notice) => notice !== withoutMail);
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
      mail: undefined,
      trustedProxies: [],
      policy: { maxSessions: 100, fingerprint: { onMismatch: "report" } },
      auditDays: 400,
      metricsToken: undefined,
      notices: [withoutMail],
    });
  });

  test("an empty variable counts as not set", () => {
    assert.equal(readConfig({ PORT: "", COATCHECK_ORIGIN: "", COATCHECK_ADMIN_EMAIL: "" }).port, 3000);
  });

  test("how many devices a user has, and what happens to a copied cookie, may be said", () => {
    const { policy } = readConfig({ COATCHECK_MAX_SESSIONS: "3", COATCHECK_FINGERPRINT: "revoke" });
    assert.deepEqual(policy, { maxSessions: 3, fingerprint: { onMismatch: "revoke" } });
    assert.equal(readConfig({ COATCHECK_FINGERPRINT: "off" }).policy.fingerprint, "off");
    for (const text of ["0", "-1", "1.5", "many", "10001"]) {
      assert.match(
        problemsOf({ COATCHECK_MAX_SESSIONS: text })[0]!,
        /COATCHECK_MAX_SESSIONS.*from 1 to 10000/,
      );
    }
    for (const text of ["Report", "step-up", "toString"]) {
      assert.match(
        problemsOf({ COATCHECK_FINGERPRINT: text })[0]!,
        /COATCHECK_FINGERPRINT.*one of off, report, reject, revoke/,
      );
    }
  });

  test("audit records are kept for a number of days, and metrics shown to a token that cannot be guessed", () => {
    assert.equal(readConfig({ COATCHECK_AUDIT_DAYS: "30" }).auditDays, 30);
    for (const days of ["0", "-1", "1.5", "a year", "99999"]) {
      assert.match(problemsOf({ COATCHECK_AUDIT_DAYS: days })[0]!, /COATCHECK_AUDIT_DAYS.*from 1 to 36500/);
    }
    for (const COATCHECK_METRICS_TOKEN of ["short", "with spaces in its middle", "ж".repeat(20)]) {
      const [problem] = problemsOf({ COATCHECK_METRICS_TOKEN });
      assert.match(problem!, /COATCHECK_METRICS_TOKEN must have 16 to 256/);
      assert.equal(problem!.includes(COATCHECK_METRICS_TOKEN), false);
    }
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

  // Proves WSTG-SESS-09, ASVS 3.3.1.
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

  // Proves ASVS 16.5.1.
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

  // Proves ASVS 12.3.1.
  test("a mode of TLS that is none is refused: it would be taken for no TLS", () => {
    const problems = problemsOf({ COATCHECK_DATABASE: "postgres://db.example.com/app?sslmode=verify-fll" });
    assert.match(problems[0]!, /Did you mean verify-full\?/);
    assert.equal(problemsOf({ COATCHECK_DATABASE: "postgres://localhost/app?sslmode=prefer" }).length, 1);
  });

  // Proves ASVS 12.3.1.
  test("a plain connection to another machine is told, without its password", () => {
    const noticesFor = (database: string, env: Record<string, string> = {}) =>
      noticesOf({ COATCHECK_DATABASE: database, COATCHECK_SECRET, ...env });
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
    const redis = (COATCHECK_SESSIONS: string) => noticesOf({ COATCHECK_SESSIONS });
    assert.match(redis("redis://:hunter2@cache.example.com")[0]!, /Use rediss:\/\/\./);
    assert.doesNotMatch(redis("redis://:hunter2@cache.example.com")[0]!, /hunter2/);
    assert.deepEqual(redis("rediss://cache.example.com"), []);
    assert.deepEqual(redis("redis://[::1]:6379"), []);
  });

  test("an address that was pasted twice is refused, for its path would be shown with a password in it", () => {
    for (const [name, address] of [
      ["COATCHECK_SESSIONS", "redis://:hunter2@cache.example.com/1"],
      ["COATCHECK_DATABASE", "postgres://app:hunter2@db.example.com/app"],
    ] as const) {
      const [problem, ...more] = problemsOf({ COATCHECK_SECRET, [name]: address + address });
      assert.match(problem!, new RegExp(`^${name}: it .*://user:password@host`));
      assert.doesNotMatch(problem!, /hunter2/);
      assert.deepEqual(more, []);
    }
    const [notice] = noticesOf({
      COATCHECK_SECRET,
      COATCHECK_SESSIONS: "redis://cache.example.com/#hunter2",
    });
    assert.doesNotMatch(notice!, /hunter2/);
  });

  // Proves ASVS 12.3.2.
  test("what is said to be encrypted is verified, in this and in later releases of the client", () => {
    const COATCHECK_DATABASE = "postgres://localhost/app?sslmode=require";
    const { database } = readConfig({ COATCHECK_DATABASE, COATCHECK_SECRET });
    assert.deepEqual(database, { kind: "postgres", url: "postgres://localhost/app?sslmode=verify-full" });
  });

  test("a mistyped name is answered with the one that was meant", () => {
    assert.match(problemsOf({ COATCHECK_DATABSE: "sqlite:x.db" })[0]!, /Did you mean COATCHECK_DATABASE\?/);
    assert.match(problemsOf({ COATCHECK_COLOUR: "red" })[0]!, /is not a setting. Remove it/);
  });

  // Proves ASVS 13.3.1.
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
    assert.match(noticesOf({ COATCHECK_ORIGIN })[0]!, /COATCHECK_TRUST_PROXY does not name it/);
    assert.deepEqual(noticesOf({ COATCHECK_ORIGIN, COATCHECK_TRUST_PROXY: "loopback" }), []);
  });

  describe("of mail", () => {
    const mailFor = (env: Record<string, string>) =>
      readConfig({ COATCHECK_SMTP_URL: "smtp://mail.example.com", ...env }).mail!;

    // Proves ASVS 12.3.1.
    test("demands TLS of every server but one on this machine", () => {
      const serverAt = (COATCHECK_SMTP_URL: string) => mailFor({ COATCHECK_SMTP_URL }).server;
      assert.deepEqual(serverAt("smtp://ada:t%40p@mail.example.com"), {
        host: "mail.example.com",
        port: 587,
        login: { user: "ada", password: "t@p" },
        tls: "starttls",
      });
      assert.equal(serverAt("smtps://mail.example.com").tls, "implicit");
      assert.equal(serverAt("smtps://mail.example.com").port, 465);
      for (const local of ["localhost:2525", "127.0.0.1:2525", "[::1]:2525"]) {
        assert.equal(serverAt(`smtp://${local}`).tls, "loopback");
        assert.equal(serverAt(`smtp://${local}`).login, undefined);
      }
      assert.equal(serverAt("smtp://[2001:db8::1]").host, "2001:db8::1");
    });

    test("is sent from the host of the origin, unless something else is said", () => {
      assert.deepEqual(mailFor({}).from, { name: "Coatcheck", address: "no-reply@localhost" });
      const origin = { COATCHECK_ORIGIN: "https://sign-in.example.com:8443" };
      assert.equal(mailFor(origin).from.address, "no-reply@sign-in.example.com");
      const from = (COATCHECK_MAIL_FROM: string) => mailFor({ COATCHECK_MAIL_FROM }).from;
      assert.deepEqual(from("help@example.com"), { name: "Coatcheck", address: "help@example.com" });
      assert.deepEqual(from('"Tea, Inc." <tea@example.com>'), {
        name: "Tea, Inc.",
        address: "tea@example.com",
      });
    });

    test("that could not be sent is refused at start", () => {
      const COATCHECK_SMTP_URL = "smtp://mail.example.com";
      const wrongFrom = [
        "tea",
        "tea@example.com\r\nBcc: eve@example.com",
        "Tea\nBcc: eve@example.com <tea@example.com>",
        "Tea <tea@example.com> <eve@example.com>",
      ];
      for (const COATCHECK_MAIL_FROM of wrongFrom) {
        assert.match(problemsOf({ COATCHECK_SMTP_URL, COATCHECK_MAIL_FROM })[0]!, /no address to send from/);
        assert.equal(problemsOf({ COATCHECK_MAIL_FROM }).length, 1, "also where no mail is sent");
      }
      const byNumber = { COATCHECK_SMTP_URL, COATCHECK_ORIGIN: "https://192.0.2.1" };
      assert.match(problemsOf(byNumber)[0]!, /COATCHECK_MAIL_FROM is not set/);
    });

    test("never repeats the password of a server that makes no sense", () => {
      for (const COATCHECK_SMTP_URL of [
        "http://ada:hunter2@mail.example.com",
        "smtp:ada:hunter2@mail.example.com",
        "smtp://ada:hunter2/@mail.example.com",
        "smtp://ada:hunter2#@mail.example.com",
        "smtp://ada:hunter2%@mail.example.com",
        "smtp://:hunter2@mail.example.com",
        "smtp://ada@mail.example.com",
        "smtp://ada:hunter2@mail.example.com/?tls=no",
        "hunter2",
      ]) {
        const problems = problemsOf({ COATCHECK_SMTP_URL });
        assert.equal(problems.length, 1, COATCHECK_SMTP_URL);
        assert.match(problems[0]!, /^COATCHECK_SMTP_URL: it/);
        assert.doesNotMatch(problems[0]!, /hunter2/);
      }
    });
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
