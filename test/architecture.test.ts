import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import {
  credentials,
  emptyNames,
  forbiddenWords,
  type SourceFile,
  waysOut,
  wrongImports,
} from "./architecture.ts";

const root = join(import.meta.dirname, "..");

function sources(pattern: string): SourceFile[] {
  return globSync(pattern, { cwd: root, exclude: ["**/node_modules"] }).map((path) => ({
    path,
    text: readFileSync(join(root, path), "utf8"),
  }));
}

describe("the house", () => {
  test("imports point one way", () => {
    const files = [...sources("packages/*/src/**/*.ts"), ...sources("examples/**/*.ts")];
    assert.ok(files.length > 0);
    assert.deepEqual(files.flatMap(wrongImports), []);
  });

  test("the library has no dependencies", () => {
    const manifest = JSON.parse(readFileSync(join(root, "packages/coatcheck/package.json"), "utf8"));
    assert.equal(manifest.dependencies, undefined);
    for (const peer of Object.keys(manifest.peerDependencies ?? {})) {
      assert.equal(manifest.peerDependenciesMeta[peer].optional, true, `${peer} must be optional`);
    }
  });

  // Proves ASVS 11.5.1, ASVS 11.2.4, CVE-2017-14775, CVE-2016-1000236.
  test("no predictable secret, no comparison that can be timed", () => {
    assert.deepEqual(sources("packages/*/src/**/*.ts").flatMap(forbiddenWords), []);
  });

  // Proves ASVS 12.3.3, ASVS 13.2.4, ASVS 13.2.5.
  test("what the server asks of other programs leads through these files: databases, mail, and its own origin", () => {
    const files = [...sources("packages/server/src/**/*.ts"), ...sources("packages/coatcheck/src/**/*.ts")];
    const ours = files.filter(({ path }) => !path.startsWith("packages/coatcheck/src/testing/"));
    assert.deepEqual(ours.flatMap(waysOut).sort(), [
      // It tells networks apart.
      "packages/coatcheck/src/http/client.ts: node:net",
      // The doctor asks the server's own origin, as a browser would.
      "packages/server/src/doctor/examination.ts: fetch",
      // It listens.
      "packages/server/src/http-server.ts: node:http",
      "packages/server/src/http-server.ts: node:net",
      "packages/server/src/mail/smtp.ts: nodemailer",
      "packages/server/src/storage/postgres-pool.ts: pg",
      "packages/server/src/storage/redis-connection.ts: redis",
    ]);
  });

  // Proves ASVS 13.2.3.
  test("no address comes with a user and a password of ours", () => {
    const files = [
      ...sources("packages/*/src/**/*.ts"),
      ...sources("examples/**/*.ts"),
      ...sources("{Dockerfile,deploy/**/*.*}"),
    ];
    assert.deepEqual(files.flatMap(credentials), []);
  });

  test("no name says nothing", () => {
    const paths = globSync("{packages,examples,bench,scripts,test,docs}/**/*", {
      cwd: root,
      exclude: ["**/node_modules"],
    });
    assert.deepEqual(emptyNames(paths), []);
  });
});

describe("the rules bite", () => {
  const inLibrary = (path: string, imported: string): SourceFile => ({
    path: `packages/coatcheck/src/${path}`,
    text: `import { x } from "${imported}";`,
  });
  const wrong: readonly (readonly [what: string, file: SourceFile])[] = [
    ["core imports http", inLibrary("core/manager.ts", "../http/cookie.ts")],
    ["core imports a package", inLibrary("core/manager.ts", "zod")],
    ["core imports another part of Node", inLibrary("core/manager.ts", "node:fs")],
    ["http imports a store", inLibrary("http/cookie.ts", "../stores/memory.ts")],
    ["a store imports http", inLibrary("stores/memory.ts", "../http/cookie.ts")],
    ["a store imports another", inLibrary("stores/sqlite.ts", "./memory.ts")],
    ["a feature imports an adapter", inLibrary("http/guard.ts", "../adapters/hono.ts")],
    ["an adapter imports the test suites", inLibrary("adapters/hono.ts", "../testing/index.ts")],
    ["the test suites import an adapter", inLibrary("testing/adapter-suite.ts", "../adapters/web.ts")],
    ["the main entry loads a store", inLibrary("index.ts", "./stores/sqlite.ts")],
    ["the library reaches outside", inLibrary("core/manager.ts", "../../../server/src/config.ts")],
    ["a new room has no rule yet", inLibrary("attic/box.ts", "../core/store.ts")],
    [
      "the server reaches into the library",
      {
        path: "packages/server/src/app.ts",
        text: 'import type {\n  X,\n} from "../../coatcheck/src/core/store.ts";',
      },
    ],
    [
      "an example reaches into the library",
      { path: "examples/a.ts", text: 'export * from "../packages/coatcheck/src/index.ts";' },
    ],
    [
      "a dynamic import",
      { path: "packages/coatcheck/src/core/a.ts", text: 'const fs = await import("node:fs");' },
    ],
  ];
  for (const [what, file] of wrong) {
    test(what, () => assert.equal(wrongImports(file).length, 1));
  }

  test("right arrows pass", () => {
    const right = [
      inLibrary("core/token.ts", "node:crypto"),
      inLibrary("stores/sqlite.ts", "./sqlite-checkpoint.ts"),
      inLibrary("adapters/hono.ts", "../http/request-auth.ts"),
      { path: "packages/server/src/app.ts", text: 'import { coatcheck } from "coatcheck/hono";' },
    ];
    assert.deepEqual(right.flatMap(wrongImports), []);
  });

  const says = (text: string) => forbiddenWords({ path: "a.ts", text }).length;

  test("predictable values and timed comparisons are seen", () => {
    assert.equal(says("const id = randomUUID();"), 1);
    assert.equal(says("const salt = Math.random();"), 1);
    assert.equal(says("if (record.secretHash === presented) return true;"), 1);
    assert.equal(says("if (presented !== record.familyHash) return false;"), 1);
    assert.equal(says("if (token === undefined) return;"), 0);
    assert.equal(says('if (deed.token === "held") return;'), 0);
    assert.equal(says("if (record.secretRevision === condition.secretRevision) return;"), 0);
    assert.equal(says("  // never secretHash === presented"), 0);
  });

  test("ways out are seen, types are none", () => {
    const told = (text: string) => waysOut({ path: "x.ts", text });
    assert.deepEqual(told('import { request } from "node:https";'), ["x.ts: node:https"]);
    assert.deepEqual(told('const { Pool } = await import("pg");'), ["x.ts: pg"]);
    assert.deepEqual(told("await fetch(request.url)"), ["x.ts: fetch"]);
    assert.deepEqual(told('import type { Pool } from "pg";\nawait app.fetch(request)'), []);
  });

  test("credentials are seen, and where they stand is none", () => {
    const told = (text: string) => credentials({ path: "x.ts", text });
    assert.deepEqual(told('"redis://:secret@host"'), ["x.ts: redis://:secret@"]);
    assert.deepEqual(told('"postgres://app:app@host/app"'), ["x.ts: postgres://app:app@"]);
    assert.deepEqual(told("postgres://user:password@host:5432/name, https://[::1]:3000/"), []);
  });

  test("empty names are seen", () => {
    const paths = [
      "src/utils.ts",
      "src/helpers/a.ts",
      "src/cookie-utils.ts",
      "src/common/b.ts",
      "src/misc.ts",
    ];
    assert.deepEqual(emptyNames(paths), paths);
    assert.deepEqual(emptyNames(["src/commonplace.ts", "src/cookie.ts"]), []);
  });
});
