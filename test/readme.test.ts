/** What the README shows first is done here with its own code. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { startProgram } from "./servers/program.ts";
import { fencesOf, programsOf } from "./snippets.ts";

const root = join(import.meta.dirname, "..");
const fences = fencesOf(readFileSync(join(root, "README.md"), "utf8"));

mkdirSync(join(root, ".snippets"), { recursive: true });
const folder = mkdtempSync(join(root, ".snippets/readme-"));
after(() => rmSync(folder, { recursive: true }));

describe("the program in the README", () => {
  test("has twelve lines", () => {
    const first = fences.find(({ language }) => language === "ts")!;
    const lines = first.code.split("\n").filter((line) => line.trim() !== "");
    assert.equal(lines.length, 12);
  });

  test("signs in, protects, lists devices and signs out everywhere", async () => {
    await using program = await start();
    const browser = visitor(`http://localhost:${program.port}`);
    const phone = visitor(`http://localhost:${program.port}`);

    assert.equal((await browser.get("/me")).status, 401);
    assert.equal((await browser.post("/login")).status, 200);
    assert.equal((await phone.post("/login")).status, 200);
    assert.deepEqual(await (await browser.get("/me")).json(), { userId: "ada" });

    const devices = (await (await browser.get("/devices")).json()) as { id: string }[];
    assert.equal(devices.length, 2);
    assert.equal((await browser.delete("/devices/nonsense")).status, 404);

    assert.equal((await browser.post("/sign-out-everywhere")).status, 204);
    assert.equal((await browser.get("/me")).status, 401);
    assert.equal((await phone.get("/me")).status, 401);
  });

  test("signs out for good", async () => {
    await using program = await start();
    const browser = visitor(`http://localhost:${program.port}`);
    await browser.post("/login");
    const copied = browser.cookie();
    assert.equal((await browser.post("/logout")).status, 204);
    const replayed = await fetch(`http://localhost:${program.port}/me`, { headers: { cookie: copied } });
    assert.equal(replayed.status, 401);
  });

  test("ends one device", async () => {
    await using program = await start();
    const browser = visitor(`http://localhost:${program.port}`);
    const phone = visitor(`http://localhost:${program.port}`);
    await browser.post("/login");
    const { id } = (await (await phone.post("/login")).json()) as { id: string };

    assert.equal((await browser.delete(`/devices/${id}`)).status, 204);
    assert.equal((await phone.get("/me")).status, 401);
    assert.equal((await browser.get("/me")).status, 200);
  });

  test("refuses requests from other sites", async () => {
    await using program = await start();
    const url = `http://localhost:${program.port}/login`;
    const elsewhere = { "sec-fetch-site": "cross-site", origin: "https://evil.example" };
    const response = await fetch(url, { method: "POST", headers: elsewhere });
    assert.equal(response.status, 403);
    assert.equal(response.headers.get("set-cookie"), null);
  });
});

function start() {
  const path = join(folder, "program.ts");
  writeFileSync(path, programsOf(fences)[0]!.code);
  return startProgram(({ port, folder: cwd }) => ({
    command: process.execPath,
    args: [path],
    env: { PORT: String(port) },
    cwd,
  }));
}

/** Somebody who keeps the cookie they are given. */
function visitor(origin: string) {
  let cookie = "";
  const request = async (method: string, path: string): Promise<Response> => {
    const response = await fetch(origin + path, { method, headers: { cookie } });
    const given = response.headers.get("set-cookie");
    if (given) cookie = given.split(";")[0]!;
    return response;
  };
  return {
    cookie: () => cookie,
    get: (path: string) => request("GET", path),
    post: (path: string) => request("POST", path),
    delete: (path: string) => request("DELETE", path),
  };
}
