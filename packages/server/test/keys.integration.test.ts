/** Keys of real server processes, rotated by the real command beside them. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { generateKey } from "coatcheck";
import { providePostgres } from "../../../test/servers/postgres.ts";
import { coatcheckServer, type Ended, type Settings, startNode } from "./support/command-line.ts";
import { ada, withAda } from "./support/test-server.ts";
import type { Visitor } from "./support/visitor.ts";

/** Servers look at the file every five seconds. A slow machine may need longer. */
const patience = 30_000;

async function done(running: Promise<Ended>): Promise<string> {
  const { code, stdout, stderr } = await running;
  assert.equal(code, 0, stderr);
  return stdout;
}

/** Asks until the visitor is out, or fails. */
function untilOut(visitor: Visitor): Promise<void> {
  return until(async () => !(await visitor.isSignedIn()), "The server did not take up the keys");
}

async function until(holds: () => boolean | Promise<boolean>, otherwise: string): Promise<void> {
  const end = performance.now() + patience;
  while (!(await holds())) {
    assert.ok(performance.now() < end, otherwise);
    await pause(100);
  }
}

describe("keys beside an SQLite file", () => {
  let folder = "";
  let settings: Settings = {};
  const keyFile = () => join(folder, "coatcheck.db.keys");
  const keys = (...args: string[]) => coatcheckServer(["keys", ...args], settings);
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "coatcheck-keys-"));
    settings = { COATCHECK_DATABASE: `sqlite:${join(folder, "coatcheck.db")}`, ...withAda };
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  // Proves ASVS 11.2.2, ASVS 13.3.4.
  test("rotation signs nobody out and needs no restart; a key that was retired opens nothing, and it says so", async () => {
    await using node = await startNode(settings);
    assert.equal(statSync(keyFile()).mode & 0o777, 0o600);
    const visitor = node.visitor();
    await visitor.signIn(ada);
    const [first] = JSON.parse(await done(keys("list", "--json"))).keys;
    assert.equal(first.state, "seals");
    assert.ok(visitor.cookie!.startsWith(`${first.id}.`));

    const rotated = await done(keys("rotate"));
    assert.match(rotated, /begin to seal with it in 60 seconds, and nobody is signed out/);
    const listed = JSON.parse(await done(keys("list", "--json"))).keys;
    assert.deepEqual(
      listed.map(({ state }: { state: string }) => state),
      ["next", "seals"],
    );
    assert.equal(await visitor.isSignedIn(), true);

    const retired = await done(keys("rotate", "--retire-old"));
    assert.match(retired, /everybody is signed out and has to sign in again/);
    assert.match(retired, new RegExp(`^Retired: .*${first.id}`, "m"));
    await untilOut(visitor);
    // What it prints comes another way than its answers, and may be later.
    const told = () => /"event":"session-rejected","reason":"unopened"/.test(node.output());
    await until(told, "The server did not say why");
    await visitor.signIn(ada);
    assert.equal(await visitor.isSignedIn(), true);

    const table = await done(keys("list"));
    const everything = table + rotated + retired + JSON.stringify(listed) + node.output();
    for (const [, secret] of readFileSync(keyFile(), "utf8").matchAll(/:([\w-]{43})/g)) {
      assert.ok(!everything.includes(secret!), "A key was printed");
    }
    assert.match(table, /^KEY +STATE +SEALS FROM +AGE\n\S+ +seals +\S+ \S+ +0 days\n$/);
  });

  test("a rotation before a start is in force after it, and who signed in before is still in", async () => {
    let visitor: Visitor;
    {
      await using node = await startNode(settings);
      visitor = node.visitor();
      await visitor.signIn(ada);
    }
    await done(keys("rotate"));
    await using node = await startNode(settings);
    assert.equal(await node.visitor(visitor).isSignedIn(), true);
  });

  test("of processes that start at once, all have the same", async () => {
    const nodes = await Promise.all([1, 2, 3].map(() => startNode(settings)));
    try {
      const visitor = nodes[0]!.visitor();
      await visitor.signIn(ada);
      for (const node of nodes) assert.equal(await node.visitor(visitor).isSignedIn(), true);
    } finally {
      await Promise.all(nodes.map((node) => node[Symbol.asyncDispose]()));
    }
  });

  test("are not there before the first start, and no command makes them up", async () => {
    for (const command of ["list", "rotate"]) {
      const { code, stderr } = await keys(command);
      assert.equal(code, 1);
      assert.match(stderr, /no keys at .*coatcheck\.db\.keys yet. The server makes them at its first start/);
    }
  });
});

describe("keys beside PostgreSQL", () => {
  test("are demanded at start with how to make one, and what is made works", async () => {
    await using database = await providePostgres();
    const postgres = { COATCHECK_DATABASE: database.url, ...withAda };
    const refused = await coatcheckServer([], { ...postgres, COATCHECK_SECRET: "" });
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /COATCHECK_SECRET is not set.*coatcheck-server keys generate/);

    const key = (await done(coatcheckServer(["keys", "generate"], { COATCHECK_SECRET: "" }))).trim();
    let visitor: Visitor;
    {
      await using node = await startNode({ ...postgres, COATCHECK_SECRET: key });
      visitor = node.visitor();
      await visitor.signIn(ada);
    }
    const secrets = { ...postgres, COATCHECK_SECRET: key };
    const { id, steps } = JSON.parse(await done(coatcheckServer(["keys", "rotate", "--json"], secrets)));
    for (const COATCHECK_SECRET of steps) {
      await using node = await startNode({ ...postgres, COATCHECK_SECRET });
      assert.equal(await node.visitor(visitor).isSignedIn(), true, "Rotation signs nobody out");
    }
    await using node = await startNode({ ...postgres, COATCHECK_SECRET: steps[1] });
    const fresh = node.visitor();
    await fresh.signIn(ada);
    assert.ok(fresh.cookie!.startsWith(`${id}.`));
  });

  test("are listed by id and day, and rotated by telling how", async () => {
    const [key, older] = [generateKey(Date.UTC(2020, 1, 29)), "k1:".padEnd(46, "A")];
    const settings = { COATCHECK_DATABASE: "postgres://localhost/x", COATCHECK_SECRET: `${key},${older}` };
    const table = await done(coatcheckServer(["keys", "list"], settings));
    assert.match(table, /^20200229-[\w-]{4} +seals +2020-02-29 00:00Z +\d+ days\nk1 +opens\n$/m);
    assert.ok(!table.includes(key.split(":")[1]!));
    const steps = await done(coatcheckServer(["keys", "rotate"], settings));
    const values = [...steps.matchAll(/^COATCHECK_SECRET=(.*)$/gm)].map(([, value]) => value!.split(","));
    const [learn, seal] = values as [string[], string[]];
    assert.deepEqual([learn[0], learn[2], seal[1], seal[2]], [key, older, key, older]);
    assert.equal(learn[1], seal[0]);
    const retire = await done(coatcheckServer(["keys", "rotate", "--retire-old"], settings));
    assert.match(retire, /Everybody has to sign in again:\n\nCOATCHECK_SECRET=\d{8}-[\w-]{4}:[\w-]{43}\n$/);
  });
});
