/** What the page about sessions shows is sent to the program that it shows, and the answers are compared. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type IncomingMessage, request } from "node:http";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { parseSessionId } from "coatcheck";
import { type RunningProgram, startProgram } from "./servers/program.ts";
import { fencesOf, programsOf } from "./snippets.ts";
import { exchangesOf, type Message, type Shown, Values } from "./transcript.ts";

const root = join(import.meta.dirname, "..");
const page = readFileSync(join(root, "docs/how-sessions-work.md"), "utf8");
const fences = fencesOf(page);
const exchanges = fences
  .filter(({ language }) => language === "http")
  .flatMap(({ code }) => exchangesOf(code));

mkdirSync(join(root, ".snippets"), { recursive: true });
const folder = mkdtempSync(join(root, ".snippets/sessions-"));
after(() => rmSync(folder, { recursive: true }));

/** Loaded before the program: its clock goes as this machine's does, but as far ahead as a file says. */
const clock = `
  import { readFileSync } from "node:fs";
  const now = Date.now;
  Date.now = () => now() + Number(readFileSync(process.env.AHEAD, "utf8"));
`;

test("how sessions work: every request gets the answer that is shown, to the minute", async () => {
  const program = write("program.ts", programsOf(fences)[0]!.code);
  const preload = pathToFileURL(write("clock.mjs", clock)).href;
  let ahead = 0;
  await using running = await startProgram(({ port, folder: cwd }) => ({
    command: process.execPath,
    args: ["--import", preload, program],
    env: { PORT: String(port), AHEAD: write("ahead", String(ahead)) },
    cwd,
  }));

  const values = new Values();
  for (const shown of exchanges) {
    ahead += shown.later;
    write("ahead", String(ahead));
    await tried(shown, running, values);
  }
  assert.ok(exchanges.length > 20);
});

async function tried({ request: asked, answer: shown }: Shown, program: RunningProgram, values: Values) {
  const answer = await sent(asked, program.port, values);
  const at = `${asked.start}: ${asked.headers.map(([, value]) => value).join(", ")}`;
  assert.equal(`HTTP/${answer.httpVersion} ${answer.statusCode} ${answer.statusMessage}`, shown.start, at);
  for (const [name, value] of shown.headers) {
    const actual = [answer.headers[name]].flat().join("\n");
    assert.equal(actual, values.learned(value, actual), at);
  }
  const cookies = shown.headers.filter(([name]) => name === "set-cookie").length;
  assert.equal(answer.headers["set-cookie"]?.length ?? 0, cookies, `${at}: a cookie is not shown`);
  assert.equal(await text(answer), shown.body, at);
}

function sent({ start, headers, body }: Message, port: number, values: Values): Promise<IncomingMessage> {
  const [method, path] = start.split(" ");
  return new Promise((resolve, reject) => {
    const filled = Object.fromEntries(headers.map(([name, value]) => [name, values.filledIn(value)]));
    const message = request({ port, method, path, headers: { ...filled, connection: "close" } }, resolve);
    message.on("error", reject).end(body);
  });
}

describe("what the page says beside", () => {
  test("the ticket that it shows has the shape of a ticket", () => {
    const [id = "", family, secret, ...rest] = fences
      .find(({ language }) => language === "text")!
      .code.split(".");
    assert.ok(parseSessionId(id));
    assert.deepEqual(
      [family, secret].map((part) => Buffer.from(part!, "base64url").length),
      [16, 32],
    );
    assert.deepEqual(rest, []);
  });

  test("every parameter of the session's cookie has its row", () => {
    const cookies = exchanges.flatMap(({ answer }) =>
      answer.headers.filter(([name]) => name === "set-cookie"),
    );
    const given = cookies.map(([, value]) => value).find((value) => value.includes("{ticket}"))!;
    for (const parameter of given.replace("session={ticket}", "").split("; ")) {
      assert.ok(page.includes(`\n| \`${parameter}\` |`), parameter);
    }
  });
});

describe("how an exchange is read", () => {
  const shown =
    "# 5 minutes later\n> POST /a HTTP/1.1\n> Cookie: c={ticket}\n>\n> {}\n>\n< HTTP/1.1 200 OK\n<\n< b";

  test("the time, both first lines, headers and bodies", () => {
    const [{ later, request: asked, answer } = assert.fail()] = exchangesOf(shown);
    assert.equal(later, 300_000);
    assert.deepEqual(asked, { start: "POST /a HTTP/1.1", headers: [["cookie", "c={ticket}"]], body: "{}" });
    assert.deepEqual(answer, { start: "HTTP/1.1 200 OK", headers: [], body: "b" });
  });

  test("a line that would not be tried is an error", () => {
    assert.throws(() => exchangesOf(`${shown}\nthen`), /then/);
  });

  test("a value is learned once, and another one is a difference", () => {
    const values = new Values();
    assert.throws(() => values.filledIn("{a}"), /\{a\}/);
    assert.equal(values.learned("x={a}; y", "x=1; y"), "x=1; y");
    assert.equal(values.learned("x={a}; y", "x=2; y"), "x=1; y");
    assert.equal(values.filledIn("{a}"), "1");
  });
});

function write(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}
