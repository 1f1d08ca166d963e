/** Each thing that is set up wrongly is found, and what is sound is left in peace. */
import assert from "node:assert/strict";
import { chmodSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { describe, test } from "node:test";
import type { Finding } from "../../src/core/finding.ts";
import type { SessionStore } from "../../src/core/store.ts";
import { doctor, type Examination, isHealthy } from "../../src/doctor/doctor.ts";
import type { AuthOptions } from "../../src/http/auth-settings.ts";
import type { RequestSource } from "../../src/http/client.ts";
import { generateKey } from "../../src/http/key-ring.ts";
import { MemorySessionStore } from "../../src/stores/memory.ts";
import { SqliteSessionStore } from "../../src/stores/sqlite.ts";
import { beginning } from "../../src/testing/record.ts";
import { openStore } from "../stores/sqlite-file.ts";

const origin = "https://example.com";
const now = () => beginning;
const day = 24 * 60 * 60_000;

/** A store with nothing to say. */
const sound = answering(async () => undefined);

function answering(time: SessionStore["time"]): SessionStore {
  const store = new MemorySessionStore();
  return Object.assign(Object.create(store), { time, diagnose: async () => [] }) as SessionStore;
}

async function codes(examination: Partial<Examination>): Promise<string[]> {
  const findings = await doctor({ store: sound, auth: { origin }, now, ...examination });
  return findings.map(({ code }) => code);
}

function arriving(headers: Record<string, string>, remoteAddress = "10.0.0.7"): RequestSource {
  return { remoteAddress, encrypted: false, header: (name) => ({ host: "example.com", ...headers })[name] };
}

const throughProxy = { "x-forwarded-proto": "https", "x-forwarded-for": "203.0.113.9" };

describe("The doctor", () => {
  test("has nothing to say about a sound application", async () => {
    const auth = { origin, trustedProxies: ["10.0.0.0/8"] };
    assert.deepEqual(await codes({ auth, request: arriving(throughProxy) }), []);
  });

  test("says what each finding means and what to do, and begins with the worst", async () => {
    const findings = await doctor({
      store: answering(async () => beginning + 60_000),
      auth: { cookie: { name: "sid" } },
      now,
    });
    assert.deepEqual(
      findings.map(({ severity }) => severity),
      ["error", "warning", "note"],
    );
    for (const { what, why, fix } of findings)
      for (const text of [what, why, fix]) assert.match(text, /^\S.+\.$/);
    assert.equal(isHealthy(findings), false);
    assert.equal(isHealthy(findings.slice(1)), true);
  });

  const settings: Record<string, readonly [AuthOptions, readonly string[]]> = {
    "options that would be refused at start": [{ origin: "http://example.com" }, ["settings-refused"]],
    "that no origin is set": [{}, ["origin-unknown"]],
    "a cookie that is shared with other hosts": [
      { origin, cookie: { name: "__Secure-session", domain: "example.com" } },
      ["cookie-domain"],
    ],
    "a cookie without the prefix": [{ origin, cookie: { name: "sid" } }, ["cookie-prefix"]],
    "a cookie for other sites without CSRF tokens": [
      { origin, cookie: { sameSite: "none" } },
      ["same-site-none"],
    ],
    "the switch for development, left on": [
      { origin, insecureCookieForLocalhost: true },
      ["insecure-cookie-in-production"],
    ],
    "a key that has sealed for too long, and no young one": [
      { origin, keys: [generateKey(beginning - 201 * day)] },
      ["old-key"],
    ],
    "keys that nobody took out, and no others": [
      { origin, keys: [0, 599, 601].map((age) => generateKey(beginning - age * day)) },
      ["useless-keys"],
    ],
  };
  for (const [name, [auth, expected]] of Object.entries(settings)) {
    test(`finds ${name}`, async () => assert.deepEqual(await codes({ auth }), expected));
  }

  test("never shows a key", async () => {
    const key = generateKey();
    const findings = await doctor({ store: sound, auth: { origin, keys: [key, key, `${key}!`] }, now });
    assert.deepEqual(
      findings.map(({ code }) => code),
      ["settings-refused"],
    );
    assert.ok(!JSON.stringify(findings).includes(key.split(":")[1]!));
  });
});

describe("The doctor, of how a request arrived", () => {
  test("finds X-Forwarded-Proto of a proxy that is not trusted, and names the proxy", async () => {
    const [finding] = await doctor({ store: sound, auth: { origin }, request: arriving(throughProxy), now });
    assert.equal(finding!.code, "proxy-not-trusted");
    assert.match(finding!.fix, /trustedProxies to \["10\.0\.0\.7"\]/);
  });

  test("without an origin, an untrusted proxy is an error", async () => {
    const [finding] = await doctor({ store: sound, auth: {}, request: arriving(throughProxy), now });
    assert.deepEqual([finding!.code, finding!.severity], ["proxy-not-trusted", "error"]);
  });

  test("finds plain http, on which a Secure cookie is dropped", async () => {
    assert.deepEqual(await codes({ auth: {}, request: arriving({}) }), ["plain-http", "origin-unknown"]);
  });

  test("takes plain http on this machine for what it is: browsers accept Secure cookies there", async () => {
    const request = arriving({ host: "localhost:3000" }, "127.0.0.1");
    assert.deepEqual(await codes({ auth: { origin: "http://localhost:3000" }, request }), []);
  });

  test("finds another host than that of the origin", async () => {
    const auth = { origin, trustedProxies: ["10.0.0.7"] };
    const request = arriving({ ...throughProxy, host: "www.example.com" });
    assert.deepEqual(await codes({ auth, request }), ["other-host"]);
    const trustedOrigins = ["https://www.example.com"];
    assert.deepEqual(await codes({ auth: { ...auth, trustedOrigins }, request }), []);
  });

  test("finds a trusted proxy that hides the client's address", async () => {
    const auth = { origin, trustedProxies: ["10.0.0.7"] };
    const request = arriving({ "x-forwarded-proto": "https" });
    assert.deepEqual(await codes({ auth, request }), ["client-address-unknown"]);
  });
});

describe("The doctor, of the store", () => {
  test("finds that it does not answer, and does not throw", async () => {
    const store = answering(async () => {
      throw new Error("connect ECONNREFUSED 127.0.0.1:6379");
    });
    const [finding] = await doctor({ store, auth: { origin }, now });
    assert.equal(finding!.code, "store-unavailable");
    assert.match(finding!.what, /ECONNREFUSED/);
  });

  for (const [skew, severity] of [
    [900, undefined],
    [-900, undefined],
    [2_000, "warning"],
    [-5_000, "warning"],
    [5_001, "error"],
    [-60_000, "error"],
  ] as const) {
    test(`takes a clock that is off by ${skew} ms for ${severity ?? "sound"}`, async () => {
      const findings = await doctor({
        store: answering(async () => beginning + skew),
        auth: { origin },
        now,
      });
      assert.deepEqual(
        findings.map((finding) => [finding.code, finding.severity]),
        severity ? [["clock-skew", severity]] : [],
      );
    });
  }

  test("says what a store in memory forgets", async () => {
    assert.deepEqual(await codes({ store: new MemorySessionStore() }), ["memory-store"]);
  });

  test("has nothing to say about a file that the SQLite store made", async (t) => {
    assert.deepEqual(await codes({ store: openStore(t).store }), []);
  });

  test("finds a SQLite database in memory, a dropped index, another journal mode and open rights", async (t) => {
    assert.deepEqual(await codes({ store: new SqliteSessionStore(":memory:") }), ["sqlite-in-memory"]);

    const { store, path } = openStore(t);
    chmodSync(path, 0o644);
    const other = new DatabaseSync(path);
    other.exec("DROP INDEX coatcheck_sessions_by_user");
    other.close();
    const findings: Finding[] = await doctor({ store, auth: { origin }, now });
    assert.deepEqual(
      findings.map(({ code }) => code),
      ["sqlite-index", "sqlite-rights"],
    );
    assert.match(findings[0]!.fix, /ON coatcheck_sessions \(user_id\)/);
  });

  test("finds the index of a SQLite database that searching sessions lacks, and warns", async (t) => {
    const { store, path } = openStore(t);
    const other = new DatabaseSync(path);
    other.exec(
      "DROP INDEX coatcheck_sessions_by_activity; DROP INDEX coatcheck_projected_sessions_by_address",
    );
    other.close();
    const findings: Finding[] = await doctor({ store, auth: { origin }, now });
    assert.deepEqual(
      findings.map(({ code, severity }) => [code, severity]),
      [
        ["sqlite-index", "warning"],
        ["sqlite-index", "warning"],
      ],
    );
    assert.match(findings[0]!.fix, /ON coatcheck_sessions \(active_at\)/);
    assert.match(findings[1]!.fix, /ON coatcheck_projected_sessions \(address\)/);
  });

  test("finds that the application's own connection has no log", async (t) => {
    const { path } = openStore(t);
    const db = new DatabaseSync(`${path}.other`);
    t.after(() => db.close());
    chmodSync(`${path}.other`, 0o600);
    assert.deepEqual(await codes({ store: new SqliteSessionStore(db) }), ["sqlite-journal"]);
  });
});
