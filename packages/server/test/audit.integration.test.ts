/** What the server records, who may read it, and what the commands find. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, describe, test } from "node:test";
import { providePostgres } from "../../../test/servers/postgres.ts";
import { openStorage } from "../src/storage/storage.ts";
import { coatcheckServer, type Settings, startNode } from "./support/command-line.ts";
import { ada, startTestServer, type TestServer, withAda } from "./support/test-server.ts";
import type { Visitor } from "./support/visitor.ts";

const eve = { email: "eve@example.com", password: "lemon hedgehog violin snail" };

interface RecordJson {
  readonly event: string;
  readonly [field: string]: unknown;
}

async function recordsFor(server: TestServer, visitor: Visitor, filter = ""): Promise<RecordJson[]> {
  await server.running.flushAudit();
  const answer = await visitor.send("GET", `/api/admin/audit?limit=200${filter}`);
  assert.equal(answer.status, 200, answer.text);
  return answer.json().records;
}

describe("the audit of the server", () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer();
    await server.addUser(eve);
  });
  after(() => server[Symbol.asyncDispose]());

  // Proves ASVS 16.2.1, ASVS 16.3.1.
  test("has sign-in and sign-out, with user, public session id, device, address and the request's id", async () => {
    const visitor = server.visitor();
    const answer = await visitor.call("POST", "/api/login", { ...eve });
    const [sessionId] = server.ticketOf(visitor);
    await visitor.call("POST", "/api/logout");
    const records = await recordsFor(server, await server.signedIn(), `&session=${sessionId}`);
    assert.deepEqual(records.map(({ event }) => event).sort(), ["created", "revoked"]);
    const created = records.find(({ event }) => event === "created")!;
    assert.equal(created.userId, `id of ${eve.email}`);
    assert.equal(created.device, "Firefox on Windows");
    assert.equal(created.ip, "127.0.0.1");
    assert.equal(created.correlationId, answer.headers.get("x-request-id"));
    assert.deepEqual(created.details, { amr: ["pwd"] });
    const revoked = records.find(({ event }) => event === "revoked")!;
    assert.equal(revoked.reason, "logout");
    assert.equal(revoked.ip, "127.0.0.1");
  });

  // Proves ASVS 16.3.1.
  test("has failed sign-ins, and never what was typed (ASVS 16.2.5): it may be a password in the wrong field", async () => {
    const typed = "my own secret sentence";
    for (const credentials of [
      { email: eve.email, password: typed },
      { email: `${typed.replaceAll(" ", "-")}@example.com`, password: "wrong" },
    ]) {
      await server.visitor().call("POST", "/api/login", credentials);
    }
    const records = await recordsFor(server, await server.signedIn(), "&event=sign-in-failed");
    assert.deepEqual(records.map(({ reason, userId }) => [reason, userId]).sort(), [
      ["unknown-account", undefined],
      ["wrong-password", `id of ${eve.email}`],
    ]);
    const everything = [
      JSON.stringify(await recordsFor(server, await server.signedIn())),
      JSON.stringify(server.sql("SELECT * FROM coatcheck_audit")),
      server.logs,
    ].join();
    assert.doesNotMatch(everything, /my.own.secret/);
    for (const password of [ada.password, eve.password]) assert.equal(everything.includes(password), false);
  });

  test("has no token, whole or in part (ASVS 16.2.5, CVE-2023-20866)", async () => {
    const visitor = await server.signedIn();
    await visitor.send("GET", "/api/session");
    const [id, family, secret] = server.ticketOf(visitor);
    const text = JSON.stringify(server.sql("SELECT * FROM coatcheck_audit"));
    await recordsFor(server, visitor);
    assert.ok(JSON.stringify(server.sql("SELECT * FROM coatcheck_audit")).includes(id));
    for (const part of [family!, secret!, visitor.cookie!]) assert.equal(text.includes(part), false);
  });

  test("has what an administrator does to others, with who it was", async () => {
    const admin = await server.signedIn();
    const user = { email: "carol@example.com", password: "lemon hedgehog violin snail" };
    await server.addUser(user);
    const carol = server.visitor();
    await carol.signIn(user);
    const path = `/api/admin/users/${encodeURIComponent(`id of ${user.email}`)}`;
    await admin.call("PATCH", path, { roles: ["admin"] });
    await admin.call("PATCH", path, { disabled: true });
    await admin.call("PATCH", path, { disabled: false });
    const records = await recordsFor(server, admin, `&user=${encodeURIComponent(`id of ${user.email}`)}`);
    const { user: self } = (await admin.send("GET", "/api/session")).json();
    for (const event of ["roles-changed", "revoked", "user-disabled", "user-enabled"]) {
      const record = records.find((each) => each.event === event);
      assert.ok(record, `${event} is missing`);
      assert.equal((record.details as { by?: string }).by, self.id, event);
    }
    // The user's own view of it does not tell where the administrator is.
    await carol.signIn(user);
    const { history } = (await carol.send("GET", "/api/history")).json();
    const disabled = history.find(({ event }: RecordJson) => event === "user-disabled");
    assert.deepEqual(Object.keys(disabled).sort(), ["at", "event", "id"]);
  });

  test("has a changed password, and a wrong one where it was asked for again", async () => {
    const user = { email: "dan@example.com", password: "lemon hedgehog violin snail" };
    await server.addUser(user);
    const dan = server.visitor();
    await dan.signIn(user);
    await dan.call("POST", "/api/reauthenticate", { password: "wrong" });
    await dan.call("POST", "/api/password", {
      currentPassword: user.password,
      newPassword: "kettle drum sunday orchard",
    });
    const id = encodeURIComponent(`id of ${user.email}`);
    const records = await recordsFor(server, await server.signedIn(), `&user=${id}`);
    const events = records.map(({ event }) => event);
    for (const event of ["confirmation-failed", "password-changed", "reauthenticated"]) {
      assert.ok(events.includes(event), event);
    }
  });

  test("has who asked for what only administrators may do (ASVS 16.3.2)", async () => {
    const user = { email: "mallory@example.com", password: "lemon hedgehog violin snail" };
    await server.addUser(user);
    const mallory = server.visitor();
    await mallory.signIn(user);
    assert.equal((await mallory.send("GET", "/api/admin/users")).status, 403);
    const id = `id of ${user.email}`;
    const records = await recordsFor(server, await server.signedIn(), `&user=${encodeURIComponent(id)}`);
    const denied = records.filter(({ event }) => event === "access-denied");
    assert.deepEqual(
      denied.map(({ userId, ip }) => [userId, ip]),
      [[id, "127.0.0.1"]],
    );
    assert.match(server.logs, /"event":"access-denied".*"userId":"id of mallory@example.com"/);
  });

  test("is listed by time, page by page, each record once", async () => {
    const admin = await server.signedIn();
    const all = await recordsFor(server, admin);
    const paged: RecordJson[] = [];
    let cursor: string | undefined;
    do {
      const path = `/api/admin/audit?limit=3${cursor ? `&cursor=${cursor}` : ""}`;
      const page = (await admin.send("GET", path)).json();
      paged.push(...page.records);
      cursor = page.next;
    } while (cursor);
    assert.deepEqual(paged, all);
    assert.ok(all.length > 6);
    const future = new Date(server.clock.now + 1).toISOString();
    assert.deepEqual(await recordsFor(server, admin, `&from=${encodeURIComponent(future)}`), []);
    assert.equal((await recordsFor(server, admin, `&to=${encodeURIComponent(future)}`)).length, all.length);
  });

  test("answers what makes no sense with what is wrong", async () => {
    const admin = await server.signedIn();
    for (const query of ["cursor=x", "limit=0", "limit=201", "from=yesterday", "event="]) {
      const answer = await admin.send("GET", `/api/admin/audit?${query}`);
      assert.equal(answer.status, 422, query);
      assert.equal(answer.json().errors[0].field, query.split("=")[0]);
    }
  });

  test("is for administrators who typed their password within ten minutes", async () => {
    const visitor = server.visitor();
    assert.equal((await visitor.send("GET", "/api/admin/audit")).status, 401);
    await visitor.signIn(eve);
    assert.equal((await visitor.send("GET", "/api/admin/audit")).status, 403);
    const admin = await server.signedIn();
    server.clock.now += 11 * 60_000;
    assert.equal((await admin.send("GET", "/api/admin/audit")).status, 403);
  });

  test("shows a user their own history, page by page, and nobody else's", async () => {
    const visitor = server.visitor();
    await visitor.signIn(eve);
    await server.running.flushAudit();
    const first = (await visitor.send("GET", "/api/history?limit=2&event=created")).json();
    assert.equal(first.history[0].event, "created");
    assert.equal(first.history[0].device, "Firefox on Windows");
    const all = (await visitor.send("GET", "/api/history?limit=200")).json().history;
    const own = server.sql("SELECT id FROM coatcheck_audit WHERE user_id = ?", `id of ${eve.email}`);
    assert.deepEqual(all.map(({ id }: { id: string }) => id).sort(), own.map(({ id }) => id).sort());
    assert.equal((await visitor.send("GET", "/api/history?cursor=x")).status, 422);
    assert.equal((await server.visitor().send("GET", "/api/history")).status, 401);
  });

  test("is described in the OpenAPI document", async () => {
    const { paths } = (await server.visitor().send("GET", "/openapi.json")).json();
    const { parameters, responses } = paths["/api/admin/audit"].get;
    const names = parameters.map(({ name }: { name: string }) => name);
    assert.deepEqual(names.sort(), ["cursor", "event", "from", "limit", "session", "to", "user"]);
    assert.deepEqual(Object.keys(responses), ["200", "401", "403", "422", "429", "503"]);
    assert.ok(paths["/api/history"].get);
  });
});

test("the first administrator's set-up by link is recorded", async () => {
  await using server = await startTestServer({ env: {} });
  const code = new URL(server.running.setupLink!).hash.slice(1);
  const visitor = server.visitor();
  const answer = await visitor.submit("/setup", { code, email: ada.email, password: ada.password });
  assert.equal(answer.status, 303, answer.text);
  const events = (await recordsFor(server, visitor)).map(({ event }) => event);
  assert.deepEqual(events.sort(), ["created", "setup-link-used", "user-created"]);
});

// Proves ASVS 16.5.2.
test("a sign-in neither waits for the audit nor fails with it, and is recorded when it is back", async () => {
  await using server = await startTestServer();
  server.sql("ALTER TABLE coatcheck_audit RENAME TO away");
  const visitor = server.visitor();
  assert.equal((await visitor.call("POST", "/api/login", { ...ada })).status, 200);
  await server.running.flushAudit();
  assert.match(server.logs, /Audit records cannot be written; they wait in memory/);
  assert.equal((await visitor.send("GET", "/api/history")).status, 503);
  assert.equal(await visitor.isSignedIn(), true);
  server.sql("ALTER TABLE away RENAME TO coatcheck_audit");
  const [sessionId] = server.ticketOf(visitor);
  const events = (await recordsFor(server, visitor, `&session=${sessionId}`)).map(({ event }) => event);
  assert.deepEqual(events, ["created"]);
});

for (const [name, open] of Object.entries({ SQLite: onSqlite, PostgreSQL: onPostgres })) {
  describe(`the commands for the audit on ${name}`, () => {
    let settings: Settings;
    let tamper: (sql: string) => Promise<void>;
    const used = new AsyncDisposableStack();

    before(async () => {
      const place = await open(used);
      ({ tamper } = place);
      settings = { ...place.settings, ...withAda };
      const server = await startNode(settings);
      const visitor = server.visitor();
      await visitor.call("POST", "/api/login", { ...ada });
      await visitor.call("POST", "/api/login", { ...ada, password: "wrong" });
      await visitor.call("POST", "/api/logout");
      // What waits is written and sealed at the end.
      await server.stop();
    });
    after(() => used.disposeAsync());

    const run = (...args: string[]) => coatcheckServer(args, settings);

    test("list, filter and export what happened", async () => {
      const { stdout } = await run("audit", "list");
      assert.match(stdout, /^TIME +EVENT +REASON/);
      for (const event of ["created", "sign-in-failed +wrong-password", "revoked +logout", "user-created"]) {
        assert.match(stdout, new RegExp(event));
      }
      const failed = JSON.parse((await run("audit", "list", "--event", "sign-in-failed", "--json")).stdout);
      assert.equal(failed.records.length, 1);
      const mine = JSON.parse((await run("audit", "list", "--user", ada.email, "--json")).stdout);
      assert.ok(mine.records.length >= 4);
      const none = JSON.parse((await run("audit", "list", "--to", "2020-01-01", "--json")).stdout);
      assert.deepEqual(none.records, []);
      const one = JSON.parse((await run("audit", "list", "--count", "1", "--json")).stdout);
      assert.equal(one.records.length, 1);
      const lines = (await run("audit", "export", "--jsonl")).stdout.trimEnd().split("\n");
      assert.ok(lines.length >= 4);
      for (const line of lines) assert.ok(JSON.parse(line).event);
    });

    test("record what other commands do, and that it was one", async () => {
      await coatcheckServer(["users", "add", eve.email, "--password-stdin"], settings, eve.password);
      await run("users", "disable", eve.email);
      const { records } = JSON.parse((await run("audit", "list", "--user", eve.email, "--json")).stdout);
      assert.deepEqual(records.map(({ event }: RecordJson) => event).sort(), [
        "user-created",
        "user-disabled",
      ]);
      for (const { details } of records) assert.equal(details.by, "command line");
    });

    test("say what cannot be asked", async () => {
      for (const args of [
        ["list", "--from", "yesterday"],
        ["list", "--count", "0"],
        ["list", "--user", ada.email, "--user-id", "x"],
        ["verify", "--head", "1"],
      ]) {
        assert.equal((await run("audit", ...args)).code, 2, args.join(" "));
      }
    });

    test("verify that all is as it was, then find what somebody does to it", async () => {
      const intact = await run("audit", "verify");
      assert.equal(intact.code, 0, intact.stderr);
      assert.match(intact.stdout, /^The audit is intact: \d+ records, up to \d+:[\w-]{43}\.$/m);
      const head = (await run("audit", "head")).stdout.trim();
      assert.equal((await run("audit", "verify", "--head", head)).code, 0);
      const wrong = await run("audit", "verify", "--head", head.replace(/:.*/, `:${"A".repeat(43)}`));
      assert.equal(wrong.code, 1);
      assert.match(wrong.stdout, /The hash at \d+ is not the given one: the chain was made anew/);

      await tamper("UPDATE coatcheck_audit SET user_id = 'somebody else' WHERE position = 2");
      const edited = await run("audit", "verify");
      assert.equal(edited.code, 1);
      assert.match(edited.stdout, /^Record 2 is not what was sealed there \(/m);
      assert.match(edited.stderr, /^The audit is not intact: 1 break found\.$/m);
      await tamper("DELETE FROM coatcheck_audit WHERE position = 2");
      const { code, stdout } = await run("audit", "verify", "--json");
      assert.equal(code, 1);
      const { intact: isIntact, breaks } = JSON.parse(stdout);
      assert.equal(isIntact, false);
      assert.deepEqual(breaks, [{ problem: "missing", position: 2, count: 1 }]);
    });

    test("find a beginning that was cut off as retention does it, and say what else it may be", async () => {
      const head = (await run("audit", "head")).stdout.trim();
      await tamper(
        "UPDATE coatcheck_audit_chain SET start_position = 3, start_hash = (SELECT hash FROM coatcheck_audit WHERE position = 3)",
      );
      await tamper("DELETE FROM coatcheck_audit WHERE position <= 3");
      for (const given of [[], ["--head", head]]) {
        const { code, stdout, stderr } = await run("audit", "verify", ...given);
        assert.equal(code, 1);
        assert.match(
          stdout,
          /^3 records from the beginning are not kept any more; the first one left is of 20/m,
        );
        assert.match(
          stdout,
          /of more than 400 days ago at the beginning, and here is none.*COATCHECK_AUDIT_DAYS/,
        );
        assert.match(stderr, /^The audit is not intact: 1 break found\.$/m);
      }
      const { stdout } = await run("audit", "verify", "--head", `3:${"A".repeat(43)}`);
      assert.match(stdout, /^The record of the given head is among those\./m);
    });

    test("find a time that is none, and list all the same", async () => {
      await tamper("UPDATE coatcheck_audit SET at = 9223372036854775807 WHERE position = 4");
      const { code, stdout } = await run("audit", "verify");
      assert.equal(code, 1);
      assert.match(stdout, /^Record 4 is not what was sealed there \(/m);
      assert.match((await run("audit", "list")).stdout, /created/);
      assert.equal((await run("audit", "export")).code, 0);
    });
  });
}

test("the audit is in the database of the users where sessions are elsewhere", async () => {
  await using server = await startTestServer({ env: { ...withAda, COATCHECK_SESSIONS: "memory:" } });
  const visitor = await server.signedIn();
  const events = (await recordsFor(server, visitor)).map(({ event }) => event);
  assert.ok(events.includes("created"));
  assert.equal(server.sql("SELECT * FROM coatcheck_audit").length, events.length);
});

test("where both are in one database, there is one store for both", async () => {
  const folder = await mkdtemp(join(tmpdir(), "coatcheck-audit-"));
  const database = { kind: "sqlite", file: join(folder, "coatcheck.db") } as const;
  const storage = await openStorage({ database, sessions: database }, assert.fail);
  assert.equal((storage.sessions as { audit?: unknown }).audit, storage.audit);
  await storage.close();
  await rm(folder, { recursive: true });
});

interface Place {
  readonly settings: Settings;
  tamper(sql: string): Promise<void>;
}

async function onSqlite(used: AsyncDisposableStack): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), "coatcheck-audit-"));
  used.defer(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, "coatcheck.db");
  return {
    settings: { COATCHECK_DATABASE: `sqlite:${file}` },
    tamper: async (sql) => {
      const db = new DatabaseSync(file);
      db.exec("DROP TRIGGER IF EXISTS coatcheck_audit_not_changed");
      db.exec("DROP TRIGGER IF EXISTS coatcheck_audit_not_deleted");
      db.exec(sql);
      db.close();
    },
  };
}

async function onPostgres(used: AsyncDisposableStack): Promise<Place> {
  const { url } = used.use(await providePostgres());
  return {
    settings: { COATCHECK_DATABASE: url },
    tamper: async (sql) => {
      const { Client } = (await import("pg")).default;
      const client = new Client({ connectionString: url });
      await client.connect();
      await client.query(sql);
      await client.end();
    },
  };
}
