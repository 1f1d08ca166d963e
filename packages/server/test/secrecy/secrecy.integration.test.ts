/** P7 in the real process: the secret leaves it only inside `Set-Cookie`, and a code only in what it is for. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { generateKey } from "coatcheck";
import {
  commandsTold,
  type Dump,
  dumpPostgres,
  dumpRedis,
  dumpSqlite,
  logsStatements,
} from "../../../../test/secrecy/dump.ts";
import { startPostgres } from "../../../../test/servers/postgres.ts";
import { type RunningProgram, startProgram } from "../../../../test/servers/program.ts";
import { startRedis } from "../../../../test/servers/redis.ts";
import { readKeyFile } from "../../src/keys/key-file.ts";
import { program, type Settings } from "../support/command-line.ts";
import { MailServer } from "../support/mail-server.ts";
import { canaryPattern, everyCommand, explanationOf, mistakes, printedBy, unreachable } from "./commands.ts";
import { ada, breaking, everyFlow, type Stage, shortFlow } from "./flows.ts";
import { leakingServer } from "./leaks.ts";
import { replay } from "./replay.ts";
import { Witness, WitnessedVisitor } from "./witness.ts";

const metricsToken = "metrics-token-of-the-operators";
const smtpPassword = "smtp-password-of-the-server";

/** Moves the clock of the server to what a file says, and fails in a way that nobody has foreseen. */
const staged = `
  import { readFileSync } from "node:fs";
  const { now } = Date;
  let ahead = 0;
  Date.now = () => now() + ahead;
  process.on("SIGUSR2", () => {
    ahead = Number(readFileSync(process.env.CLOCK_FILE, "utf8"));
    console.log("The clock is ahead by " + ahead + ".");
  });
  const { normalize } = String.prototype;
  String.prototype.normalize = function (form) {
    if (this.includes("${breaking}")) throw new Error("Nobody has foreseen this");
    return normalize.call(this, form);
  };`;

let mails: MailServer;
before(async () => {
  mails = await MailServer.start({
    disabledCommands: ["STARTTLS"],
    allowInsecureAuth: true,
    onAuth: ({ username }, _session, done) => done(null, { user: username ?? "" }),
  });
});
after(() => mails.stop());

function start(
  settings: (folder: string) => Settings,
  ...preloaded: readonly string[]
): Promise<RunningProgram> {
  const imports = preloaded.flatMap((code) => [
    "--import",
    `data:text/javascript,${encodeURIComponent(code)}`,
  ]);
  return startProgram(({ port, folder }) => ({
    command: process.execPath,
    args: [...imports, program],
    env: {
      PORT: `${port}`,
      CLOCK_FILE: join(folder, "clock"),
      DEBUG: "*",
      COATCHECK_TRUST_PROXY: "loopback",
      ...settings(folder),
    },
  }));
}

async function printed({ output, process: child }: RunningProgram, pattern: RegExp): Promise<string> {
  for (;;) {
    const [found] = pattern.exec(output()) ?? [];
    if (found) return found;
    await new Promise((resolve) => child.stdout!.once("data", resolve));
  }
}

/** @throws AssertionError that names every secret that was seen, and where, but never the secret. */
function assertNothingSeen({ canaries, evidence }: Witness, fewest: number): void {
  assert.ok(canaries.size > fewest, `only ${canaries.size} canaries`);
  assert.deepEqual(canaries.sightings(evidence), []);
}

describe("whatever the server does, no secret is anywhere but where it is meant to be (ASVS 14.2.1, 16.2.5, WSTG-SESS-04)", () => {
  test("on SQLite, from the first start on, and nobody is signed in by what is in its database", {
    timeout: 240_000,
  }, async () => {
    const database = (folder: string) => join(folder, "data", "coatcheck.db");
    let ahead = 0;
    const witness = new Witness(() => Date.now() + ahead);
    const settings = (folder: string): Settings => ({
      COATCHECK_DATABASE: `sqlite:${database(folder)}`,
      COATCHECK_SMTP_URL: mails.url.replace("//", `//postman:${smtpPassword}@`),
      COATCHECK_METRICS_TOKEN: metricsToken,
    });
    await using server = await start(settings, staged);
    const link = await printed(server, /http\S*\/setup#[\w-]{43}/);
    const file = database(server.folder);
    witness.knows(readKeyFile(`${file}.keys`)!.map(({ key }) => key));
    for (const secret of [metricsToken, smtpPassword, link.slice(-43)])
      witness.canaries.plant("setting", secret);
    const origin = `http://localhost:${server.port}`;
    const stage: Stage = {
      witness,
      origin,
      mails,
      metricsToken,
      visitor: (userAgent) => new WitnessedVisitor(origin, witness, userAgent),
      advance: async (milliseconds) => {
        ahead += milliseconds;
        writeFileSync(join(server.folder, "clock"), `${ahead}`);
        server.process.kill("SIGUSR2");
        await printed(server, new RegExp(`ahead by ${ahead}\\.`));
      },
    };
    await everyFlow(stage, link.slice(-43));
    const commands = await printedBy(
      everyCommand(ada.password),
      settings(server.folder),
      `${ada.password}\n`,
    );
    witness.say("command line", commands);
    for (const { key } of readKeyFile(`${file}.keys`)!)
      witness.canaries.plant("rotated key", key.split(":")[1]!);

    const dump = dumpSqlite(file);
    witness.say("store", ...dump.contents);
    assert.ok((await replay(stage, dump)) > 500);
    witness.say("store", ...dumpSqlite(file).contents);
    await server.stop();
    witness.say("log", server.output().replaceAll(link, "*"));
    for (const [place, mark] of Object.entries({
      log: /"event":"internal-error".*Nobody has foreseen this.*"event":"session-theft"|"event":"session-theft"/s,
      store: /ada@example\.com/,
      mail: /Choose a new password/,
      "command line": /dave@example\.com/,
      location: /location: \/welcome/,
      headers: /set-cookie: __Host-session=\*/,
      body: /coatcheck_[a-z_]+\{.*sign-in-failed|sign-in-failed.*coatcheck_[a-z_]+\{/s,
    })) {
      assert.ok(mark.test(witness.textOf(place)), place);
    }
    assertNothingSeen(witness, 100);
  });

  test("on PostgreSQL and Redis, while both work and when they are away", { timeout: 240_000 }, async () => {
    const witness = new Witness();
    const key = generateKey();
    witness.knows([key]);
    await using postgres = await startPostgres(logsStatements);
    await using redis = await startRedis();
    const told = await commandsTold(redis.port);
    const password = "database-password-of-the-server";
    witness.canaries.plant("setting", password);
    const url = new URL(postgres.url);
    url.password = password;
    await using server = await start(() => ({
      COATCHECK_DATABASE: url.href,
      COATCHECK_SESSIONS: redis.url,
      COATCHECK_SECRET: key,
      COATCHECK_ADMIN_EMAIL: ada.email,
      COATCHECK_ADMIN_PASSWORD: ada.password,
    }));
    const origin = `http://localhost:${server.port}`;
    const visitor = (userAgent?: string) => new WitnessedVisitor(origin, witness, userAgent);
    await shortFlow({
      witness,
      origin,
      visitor,
      outage: async () => {
        const dumps: readonly Dump[] = [await dumpPostgres(postgres.url), await dumpRedis(redis.url)];
        witness.say("store", ...dumps.flatMap(({ contents }) => contents), told());
        await redis.stop();
      },
      worse: async () => {
        witness.say("store", postgres.output());
        await postgres.stop();
      },
    });
    await server.stop();
    witness.say("log", server.output());
    assert.match(witness.textOf("log"), /"event":"outage"/);
    assert.match(witness.textOf("store"), /EVALSHA.*parameters: |parameters: .*EVALSHA/is);
    assertNothingSeen(witness, 30);
  });

  test("whatever is wrong with its configuration", async (t) => {
    const witness = new Witness();
    for (const settings of mistakes) {
      for (const value of Object.values(settings)) {
        const [canary] = canaryPattern.exec(value) ?? [];
        if (canary && canary.length >= 8) witness.canaries.plant("setting", canary);
      }
      const said = explanationOf(settings);
      assert.match(said, /The configuration has \d+ error/, Object.keys(settings).join());
      witness.say("command line", said);
    }
    for (const canary of unreachable.flat().flatMap((word) => word.match(/\w+-canary-\d/) ?? [])) {
      witness.canaries.plant("setting", canary);
    }
    const folder = mkdtempSync(join(tmpdir(), "coatcheck-secrecy-"));
    t.after(() => rmSync(folder, { recursive: true }));
    const said = await printedBy([["users", "list"], ...unreachable], {
      COATCHECK_DATABASE: `sqlite:${join(folder, "coatcheck.db")}`,
      COATCHECK_SECRET: generateKey(),
    });
    assert.equal(said.match(/ECONNREFUSED|cannot be/g)?.length, unreachable.length, said);
    witness.say("command line", said);
    assertNothingSeen(witness, 18);
  });
});

describe("a server that tells a secret is found out", () => {
  test("in its log, headers, redirects, bodies and database", { timeout: 120_000 }, async () => {
    const witness = new Witness();
    const key = generateKey();
    witness.knows([key]);
    const database = (folder: string) => join(folder, "coatcheck.db");
    await using server = await start(
      (folder) => ({
        COATCHECK_DATABASE: `sqlite:${database(folder)}`,
        COATCHECK_SECRET: key,
        COATCHECK_ADMIN_EMAIL: ada.email,
        COATCHECK_ADMIN_PASSWORD: ada.password,
        LEAKING_DATABASE: database(folder),
      }),
      leakingServer,
    );
    const visitor = new WitnessedVisitor(`http://localhost:${server.port}`, witness);
    await visitor.signIn(ada);
    assert.deepEqual(witness.canaries.sightings(witness.evidence), []);
    await visitor.get("/");
    await visitor.get("/nowhere");
    witness.say("store", ...dumpSqlite(database(server.folder)).contents);
    await server.stop();
    witness.say("log", server.output());
    const places = witness.canaries.sightings(witness.evidence).map(({ place }) => place);
    assert.deepEqual([...new Set(places)].sort(), ["body", "headers", "location", "log", "store"]);
  });

  test("in its mails and on its command line", async () => {
    const witness = new Witness();
    const code = "x".repeat(43);
    const mail = { headers: new Map([["subject", code]]), recipients: [], html: "", raw: "" };
    witness.read({
      ...mail,
      text: `https://example.com/reset#${code}`,
      link: `https://example.com/reset#${code}`,
    });
    witness.canaries.plant("password", ada.password);
    const commands = [
      ["users", "list"],
      ["audit", ada.password],
    ];
    witness.say(
      "command line",
      await printedBy(commands, { COATCHECK_DATABASE: "sqlite:/nowhere/nothing.db" }),
    );
    const places = witness.canaries.sightings(witness.evidence).map(({ place }) => place);
    assert.deepEqual([...new Set(places)].sort(), ["command line", "mail"]);
  });
});
