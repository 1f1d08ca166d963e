import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { freePort, startProgram } from "./program.ts";

const serve = "require('node:http').createServer((_, r) => r.end('here')).listen(process.env.PORT)";

const node = (script: string) => (place: { port: number }) => ({
  command: process.execPath,
  args: ["--eval", script],
  env: { PORT: String(place.port) },
});

test("a program is started on a free port and stopped at the end", async () => {
  let folder: string;
  let url: string;
  {
    await using program = await startProgram(node(serve));
    folder = program.folder;
    url = `http://localhost:${program.port}`;
    assert.equal(await (await fetch(url)).text(), "here");
    assert.ok(existsSync(folder));
  }
  await assert.rejects(fetch(url));
  assert.ok(!existsSync(folder));
});

test("a program that was stopped is started again in its place", async () => {
  await using program = await startProgram(node(serve));
  const { port, folder } = program;
  const url = `http://localhost:${port}`;
  await program.stop();
  await assert.rejects(fetch(url));
  await program.start();
  assert.equal(await (await fetch(url)).text(), "here");
  assert.deepEqual([program.port, program.folder], [port, folder]);
});

test("a program that ends before it answers fails with what it printed", async () => {
  await assert.rejects(startProgram(node("console.log('no database here')")), /no database here/);
});

test("a program that does not exist fails at once", async () => {
  await assert.rejects(
    startProgram(() => ({ command: "/nowhere/to/be-found", args: [] })),
    /ENOENT/,
  );
});

test("a free port is none that somebody else is given before it is used", async () => {
  const ports = await Promise.all(Array.from({ length: 50 }, freePort));
  assert.ok(Math.max(...ports) < 32_768, String(ports));
});
