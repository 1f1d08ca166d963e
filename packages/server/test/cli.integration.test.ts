/** The real program, beside a server that runs on the same database. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { access, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { providePostgres } from "../../../test/servers/postgres.ts";
import {
  coatcheckServer,
  type Ended,
  type Node,
  program,
  type Settings,
  startNode,
} from "./support/command-line.ts";
import { ada, withAda } from "./support/test-server.ts";

const bob = { email: "Bob@Example.com", password: "lemon hedgehog violin snail" };

interface Place extends AsyncDisposable {
  readonly settings: Settings;
}

async function onSqlite(): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), "coatcheck-cli-"));
  return {
    settings: { COATCHECK_DATABASE: `sqlite:${join(folder, "coatcheck.db")}` },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

async function onPostgres(): Promise<Place> {
  const database = await providePostgres();
  return {
    settings: { COATCHECK_DATABASE: database.url },
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  };
}

/** The command must succeed. Returns what it printed. */
async function done(running: Promise<Ended>): Promise<string> {
  const { code, stdout, stderr } = await running;
  assert.equal(code, 0, stderr);
  return stdout;
}

/** The command must end with this code and say this. */
async function refused(running: Promise<Ended>, expected: number, ...says: readonly RegExp[]): Promise<void> {
  const { code, stdout, stderr } = await running;
  assert.equal(code, expected, stdout + stderr);
  assert.equal(stdout, "");
  for (const what of says) assert.match(stderr, what);
  assert.doesNotMatch(stderr, /\n\s+at /);
}

for (const [name, open] of Object.entries({ SQLite: onSqlite, PostgreSQL: onPostgres })) {
  describe(`beside a server on ${name}`, () => {
    let place: Place;
    let server: Node;

    before(async () => {
      place = await open();
      server = await startNode({ ...place.settings, ...withAda });
      await done(command(["users", "add", bob.email, "--password-stdin"], `${bob.password}\n`));
    });
    after(async () => {
      await server[Symbol.asyncDispose]();
      await place[Symbol.asyncDispose]();
    });

    function command(args: readonly string[], input = ""): Promise<Ended> {
      return coatcheckServer(args, place.settings, input);
    }

    async function json(...args: string[]) {
      return JSON.parse(await done(command([...args, "--json"])));
    }

    test("whoever is added signs in, and is listed", async () => {
      await server.visitor().signIn(bob);
      const { users } = await json("users", "list");
      assert.deepEqual(
        users.map(({ email, roles, disabled }: Record<string, unknown>) => ({ email, roles, disabled })),
        [
          { email: ada.email, roles: ["admin", "user"], disabled: false },
          { email: bob.email, roles: ["user"], disabled: false },
        ],
      );
      const table = await done(command(["users", "list"]));
      assert.match(table, /^E-MAIL .*\nada@example\.com +admin user .*\nBob@Example\.com +user /);
      assert.doesNotMatch(table + JSON.stringify(users), /argon2/);
    });

    test("whoever is disabled is out at once, is not let in, and is let in again when enabled", async () => {
      const visitor = server.visitor();
      await visitor.signIn(bob);
      const { user, endedSessions } = await json("users", "disable", "bob@EXAMPLE.com");
      assert.equal(user.disabled, true);
      assert.ok(endedSessions >= 1);
      const answer = await visitor.send("GET", "/api/session");
      assert.equal(answer.status, 401);
      assert.equal(answer.json().reason, "account-changed");
      assert.equal((await server.visitor().call("POST", "/api/login", { ...bob })).status, 401);
      assert.match(await done(command(["users", "list"])), /Bob@Example\.com .* disabled\n/);

      assert.equal(await done(command(["users", "enable", bob.email])), "Bob@Example.com may sign in.\n");
      assert.equal(await visitor.isSignedIn(), false);
      await server.visitor().signIn(bob);
    });

    test("whoever is locked by wrong passwords may try again when unlocked, and not before", async () => {
      const login = (password: string) => server.visitor().call("POST", "/api/login", { ...bob, password });
      for (let n = 0; n < 5; n++) assert.equal((await login("wrong")).status, 401);
      assert.equal((await login(bob.password)).status, 429);
      const unlocked = "All wrong passwords of Bob@Example.com are forgotten.\n";
      assert.equal(await done(command(["users", "unlock", "bob@EXAMPLE.com"])), unlocked);
      assert.equal((await login(bob.password)).status, 200);
      assert.equal((await json("users", "unlock", bob.email)).forgottenFailures, false);
      await refused(command(["users", "unlock", "nobody@example.com"]), 1, /Nobody has the address/);
    });

    test("whoever is remembered is listed as such, and does not come back once ended or disabled", async () => {
      const [ended, disabled] = [server.visitor(), server.visitor()];
      for (const visitor of [ended, disabled]) await visitor.signIn(bob, true);
      const id = await ended.sessionId();
      const { sessions, dormant } = await json("sessions", "list", "--user", bob.email);
      const listed = sessions.find((session: { id: string }) => session.id === id);
      assert.ok(Date.parse(listed.rememberedUntil) > Date.now() + 29 * 86_400_000);
      assert.deepEqual(dormant, []);
      assert.equal((await json("sessions", "revoke", id)).endedSessions, 1);
      await json("users", "disable", bob.email);
      await json("users", "enable", bob.email);
      for (const visitor of [ended, disabled]) {
        assert.ok(visitor.remember);
        visitor.cookie = undefined;
        assert.equal(await visitor.isSignedIn(), false);
      }
    });

    // Proves ASVS 7.4.5.
    test("sessions are listed and ended, one by one, all of a user, or all there are", async () => {
      const visitors = [server.visitor(), server.visitor(), server.visitor()];
      for (const visitor of visitors) await visitor.signIn(bob);
      const [first, ...others] = visitors;
      const { id } = (await first!.send("GET", "/api/session")).json().session;
      const { sessions } = await json("sessions", "list", "--user", bob.email);
      const listed = sessions.find((session: { id: string }) => session.id === id);
      assert.equal(listed.device, "Firefox on Windows");
      assert.equal(listed.user.email, bob.email);
      assert.match(await done(command(["sessions", "list"])), new RegExp(`^${id} +Bob@Example\\.com`, "m"));
      for (const visitor of visitors) {
        const [, sealed] = visitor.cookie!.split(".");
        assert.ok(!JSON.stringify(sessions).includes(sealed!));
      }

      assert.equal(await done(command(["sessions", "revoke", id])), "1 session ended.\n");
      assert.equal(await first!.isSignedIn(), false);
      assert.equal(await others[0]!.isSignedIn(), true);
      await refused(command(["sessions", "revoke", id]), 1, /no session of that id/);

      const { endedSessions } = await json("sessions", "revoke", "--user", bob.email);
      assert.ok(endedSessions >= 2);
      for (const visitor of others) assert.equal(await visitor.isSignedIn(), false);
      assert.deepEqual((await json("sessions", "list", "--user", bob.email)).sessions, []);

      const everybody = [server.visitor(), server.visitor()];
      await everybody[0]!.signIn(bob);
      await everybody[1]!.signIn(ada);
      await refused(command(["sessions", "revoke", id, "--everybody"]), 2, /--everybody/);
      assert.ok((await json("sessions", "revoke", "--everybody")).endedSessions >= 2);
      for (const visitor of everybody) assert.equal(await visitor.isSignedIn(), false);
      assert.deepEqual((await json("sessions", "list")).sessions, []);
    });

    test("what cannot be done ends with 1 and says why", async () => {
      const add = (email: string, password: string) =>
        command(["users", "add", email, "--password-stdin"], password);
      await refused(add("BOB@example.com", bob.password), 1, /Somebody has the address/);
      await refused(add("carol@example.com", "short"), 1, /at least 15 characters/);
      await refused(command(["users", "disable", "nobody@example.com"]), 1, /Nobody has the address/);
      await refused(command(["sessions", "list", "--user", "nobody@example.com"]), 1, /Nobody has/);
    });

    test("migrating what is up to date changes nothing", async () => {
      const { upToDate } = await json("migrate");
      assert.equal(upToDate.length, 1);
      await server.visitor().signIn(ada);
    });
  });
}

describe("without a server", () => {
  let place: Place;
  before(async () => {
    place = await onSqlite();
  });
  after(() => place[Symbol.asyncDispose]());

  const file = () => place.settings.COATCHECK_DATABASE!.slice("sqlite:".length);

  test("listing creates no database, and adding the first administrator does", async () => {
    for (const args of [
      ["users", "list"],
      ["sessions", "list"],
      ["users", "disable", ada.email],
    ]) {
      await refused(coatcheckServer(args, place.settings), 1, /There is no database at .* yet/);
    }
    await assert.rejects(access(file()));
    const args = ["users", "add", ada.email, "--role", "admin", "--password-stdin", "--json"];
    const { user } = JSON.parse(await done(coatcheckServer(args, place.settings, ada.password)));
    assert.deepEqual(user.roles, ["admin", "user"]);
    await using server = await startNode(place.settings);
    await server.visitor().signIn(ada);
    assert.doesNotMatch(server.output(), /setup#/);
  });

  test("a person is asked for the password, and the terminal does not show it", async () => {
    // `script` gives the program a terminal.
    const child = spawn(
      "script",
      ["-qec", `${process.execPath} ${program} users add carol@example.com`, "/dev/null"],
      {
        env: { ...process.env, NODE_NO_WARNINGS: "1", ...place.settings },
        stdio: ["pipe", "pipe", "inherit"],
      },
    );
    let screen = "";
    for await (const chunk of child.stdout) {
      screen += String(chunk);
      if (/(Password|Again): $/.test(screen)) child.stdin.write(`${bob.password}\r`);
      if (screen.includes("may sign in")) child.stdin.end();
    }
    assert.match(screen, /carol@example\.com may sign in, as user\./);
    assert.ok(!screen.includes(bob.password));
  });

  test("sessions in the memory of a server are out of reach, and it says so", async () => {
    const settings = { ...place.settings, COATCHECK_SESSIONS: "memory:" };
    await refused(coatcheckServer(["sessions", "list"], settings), 1, /in the memory of the server/);
  });

  test("the SQL that is printed makes what the server needs", async () => {
    await using database = await onPostgres();
    const sql = await done(coatcheckServer(["migrate", "--print"], database.settings));
    const { Client } = await import("pg");
    const client = new Client({ connectionString: database.settings.COATCHECK_DATABASE! });
    await client.connect();
    await client.query(sql);
    await client.end();
    await using server = await startNode({ ...database.settings, ...withAda });
    await server.visitor().signIn(ada);
  });

  test("all mistakes of the configuration are told at once, as the server tells them", async () => {
    const settings = { PORT: "x", COATCHECK_DATABASE: "mysql:", COATCHECK_DATABSE: "x" };
    const { code, stderr } = await coatcheckServer(["users", "list"], settings);
    assert.equal(code, 1);
    assert.match(stderr, /has 3 errors/);
  });

  for (const [args, says] of [
    [["usrs", "list"], /Did you mean users list\?/],
    [["users"], /users is followed by one of add, list, disable, enable/],
    [["users", "lst"], /Did you mean users list\?/],
    [["server"], /Did you mean serve\?/],
    [["frobnicate"], /"frobnicate" is no command\./],
    [["users", "list", "--jsn"], /no option --jsn\. Did you mean --json\?/],
    [["--json"], /serve has no option --json/],
    [["users", "add"], /<email> is missing/],
    [["users", "add", "a@example.com", "b@example.com"], /does not take "b@example\.com"/],
    [["users", "add", "not an address"], /not an e-mail address/],
    [["users", "add", "a@example.com", "--role", "amin"], /Did you mean admin\?/],
    [["users", "add", "a@example.com"], /Use --password-stdin/],
    [["sessions", "list", "--user"], /--user needs <email>/],
    [["sessions", "list", "--user", "--json"], /--user needs <email>/],
    [["users", "list", "--json=yes"], /--json takes no value/],
    [["users", "list", "--json", "--json"], /--json is given twice/],
    [["sessions", "revoke"], /Give the id of a session, --user and an address, or --everybody/],
    [
      ["sessions", "revoke", "x", "--user", "a@example.com"],
      /Give the id of a session, --user and an address, or --everybody/,
    ],
    [["migrate", "--print", "--json"], /excludes --json/],
  ] as const) {
    test(`a wrong call ends with 2 and helps on: ${args.join(" ")}`, async () => {
      await refused(coatcheckServer(args, place.settings), 2, says, /^Try: coatcheck-server .*--help$/m);
    });
  }

  test("every command explains itself", async () => {
    const help = await done(coatcheckServer(["--help"]));
    const names = [...help.matchAll(/^ {2}((?:[a-z]+ ?)+)(?: [<[]| {2})/gm)].map(([, name]) => name!.trim());
    assert.deepEqual(names, [
      "serve",
      "users add",
      "users list",
      "users disable",
      "users enable",
      "users unlock",
      "sessions list",
      "sessions revoke",
      "keys list",
      "keys rotate",
      "keys generate",
      "audit verify",
      "audit list",
      "audit export",
      "audit head",
      "migrate",
      "doctor",
    ]);
    for (const name of names) {
      const text = await done(coatcheckServer([...name.split(" "), "--help"]));
      assert.match(text, new RegExp(`^Usage: coatcheck-server ${name}`, "m"));
    }
    assert.equal(await done(coatcheckServer(["users", "--help"])), help);
  });

  test("the version is that of the package", async () => {
    const { default: manifest } = await import("../package.json", { with: { type: "json" } });
    assert.equal(await done(coatcheckServer(["--version"])), `${manifest.version}\n`);
  });
});
