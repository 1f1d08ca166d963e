/** What is published is packed, installed into an empty folder and used there, as a stranger would. */
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, test } from "node:test";
import { packAll } from "../scripts/pack.ts";

const root = join(import.meta.dirname, "..");

describe("the packages as they are published", () => {
  let folder = "";
  let tarballs: string[] = [];

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "coatcheck-packaging-"));
    tarballs = packAll(join(folder, "tarballs"));
    writeFileSync(join(folder, "package.json"), '{ "type": "module", "private": true }');
    command("npm", ["install", ...tarballs]);
  });

  after(() => rmSync(folder, { recursive: true, force: true }));

  function command(name: string, args: readonly string[]): string {
    return execFileSync(name, args, { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  }

  function runs(program: string): string {
    return command(process.execPath, ["--input-type=module", "--eval", program]).trim();
  }

  for (const name of ["coatcheck", "server"]) {
    test(`publint finds nothing wrong with ${name}`, () => {
      const dist = join(root, "packages", name, "dist");
      assert.match(command(join(root, "node_modules/.bin/publint"), ["--strict", dist]), /All good!/);
    });
  }

  test("the types of both are right for those who import them (attw)", () => {
    for (const tarball of tarballs) {
      const attw = join(root, "node_modules/.bin/attw");
      assert.doesNotThrow(() => command(attw, [tarball, "--profile", "esm-only"]));
    }
  });

  for (const subpath of subpaths()) {
    test(`${subpath} can be imported where no client and no framework but its own is installed`, () => {
      assert.equal(runs(`await import(${JSON.stringify(subpath)}); console.log("here")`), "here");
    });
  }

  test("importing coatcheck loads three modules of Node, and nothing that is not its own", () => {
    const loaded = runs(`
      import { registerHooks } from "node:module";
      const loaded = new Set();
      registerHooks({
        resolve(specifier, context, next) {
          const found = next(specifier, context);
          loaded.add(found.url);
          return found;
        },
      });
      await import("coatcheck");
      console.log(JSON.stringify([...loaded]));
    `);
    const foreign = (JSON.parse(loaded) as string[]).filter(
      (url) => !url.includes("/node_modules/coatcheck/"),
    );
    assert.deepEqual(foreign.sort(), ["node:async_hooks", "node:crypto", "node:net"]);
  });

  test("a sign-in works with what was installed", () => {
    const program = `
      import { SessionManager } from "coatcheck";
      import { SqliteSessionStore } from "coatcheck/sqlite";
      const store = new SqliteSessionStore("sessions.db");
      const sessions = new SessionManager({ store });
      const { token } = await sessions.create("ada");
      console.log((await sessions.validate(token.reveal())).ok);
      await store.close();
    `;
    assert.equal(runs(program), "true");
  });

  test("npx --package=<tarball> coatcheck-server serves", async () => {
    const args = [...tarballs.map((tarball) => `--package=${tarball}`), "coatcheck-server"];
    const empty = mkdtempSync(join(folder, "empty-"));
    const server = spawn("npx", ["--yes", ...args], {
      cwd: empty,
      env: { ...process.env, PORT: "0", npm_config_prefix: empty },
      stdio: ["ignore", "pipe", "inherit"],
      detached: true,
    });
    try {
      const origin = await addressOf(server.stdout);
      assert.equal((await fetch(`${origin}/healthz`)).status, 200);
      const page = await (await fetch(`${origin}/login`)).text();
      const [, stylesheet] = /<link rel="stylesheet" href="([^"]+)"/.exec(page) ?? [];
      assert.equal((await fetch(new URL(stylesheet!, origin))).status, 200);
    } finally {
      // npx starts the program in a shell of its own: the whole group is ours.
      process.kill(-server.pid!, "SIGTERM");
      await once(server, "close");
    }
  });
});

function subpaths(): string[] {
  const manifest = JSON.parse(readFileSync(join(root, "packages/coatcheck/package.json"), "utf8"));
  return Object.keys(manifest.exports).map((subpath) => join("coatcheck", subpath));
}

async function addressOf(output: NodeJS.ReadableStream): Promise<string> {
  for await (const line of createInterface(output)) {
    const [, origin] = /^\s*Address\s+(http\S+)/.exec(line) ?? [];
    if (origin) return origin;
  }
  throw new Error("The server ended without saying where it is");
}
