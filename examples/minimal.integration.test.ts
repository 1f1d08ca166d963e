import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type Answer, type Browser, type Message, Network } from "coatcheck/testing";
import fc from "fast-check";
import { type RunningProgram, startProgram } from "../test/servers/program.ts";
import { untilAnswered } from "../test/servers/until-answered.ts";

const program = join(import.meta.dirname, "minimal.ts");
const right = { username: "grace", password: "tea kettle upstairs window" };

const welcome = { username: "grace", message: "Login successful" };
const secret = {
  message: "This is a protected route",
  data: "secret information accessible with cookie",
  authenticated_user: "grace",
};
const invalidSession = { detail: "Invalid session or session expired" };

describe("examples/minimal.ts", () => {
  let running: RunningProgram;
  let network: Network;

  before(async () => {
    running = await startProgram(({ port }) => ({
      command: process.execPath,
      args: [program],
      env: { PORT: String(port), API_USERNAME: right.username, API_PASSWORD: right.password },
    }));
    network = new Network(`http://127.0.0.1:${running.port}`);
  });

  after(async () => {
    network.close();
    await running[Symbol.asyncDispose]();
  });

  const signIn = (browser: Browser, message?: Message) =>
    browser.post("/login", { ...json(right), ...message });

  async function signedIn(): Promise<Browser> {
    const browser = network.browser();
    assert.equal((await signIn(browser)).status, 200);
    return browser;
  }

  test("a sign-in is answered with the user and a cookie of half an hour", async () => {
    const answer = await signIn(network.browser());
    assertAnswer(answer, 200, welcome);
    assert.equal(answer.setCookies.length, 1);
    assert.match(
      answer.setCookies[0]!,
      /^session_token=[\w-]+\.[\w-]+\.[\w-]+; HttpOnly; Max-Age=1800; SameSite=Lax; Path=\/$/,
    );
    assert.equal(answer.headers["cache-control"], "no-store");
  });

  test("from anywhere but this machine the cookie is Secure", async () => {
    for (const headers of [{ host: "shop.example" }, { "x-forwarded-proto": "https" }]) {
      const [cookie] = (await network.send("POST", "/login", { ...json(right), headers })).setCookies;
      assert.match(cookie!, /^session_token=.*; HttpOnly; Max-Age=1800; SameSite=Lax; Path=\/; Secure$/);
    }
  });

  test("the protected route opens to the cookie, and to nothing else", async () => {
    assertAnswer(await (await signedIn()).get("/protected"), 200, secret);
    assertRefused(await network.send("GET", "/protected"), 401, invalidSession);
    assertRefused(
      await network.send("GET", "/protected", { cookie: "session_token=x" }),
      401,
      invalidSession,
    );
  });

  test("wrong credentials are answered alike, whichever of them is wrong", async () => {
    const wrong = [
      { ...right, password: "wrong" },
      { ...right, username: "ada" },
      { username: "", password: "" },
      { username: "grace\u0000", password: right.password },
      { username: right.password, password: right.username },
    ];
    for (const credentials of wrong) {
      const answer = await network.send("POST", "/login", json(credentials));
      assertRefused(answer, 401, { detail: "Invalid credentials" });
    }
  });

  test("a faulty body is answered with what is wrong, and where", async () => {
    const faults: readonly (readonly [body: string, ...faults: string[]])[] = [
      ["", "body: json_invalid"],
      ["{", "body: json_invalid"],
      ["username=grace", "body: json_invalid"],
      ["{}", "body.username: missing", "body.password: missing"],
      ['{"username":"grace"}', "body.password: missing"],
      ['{"password":"x"}', "body.username: missing"],
      ['{"username":1,"password":["x"]}', "body.username: string_type", "body.password: string_type"],
      ['{"username":null,"password":"x"}', "body.username: string_type"],
      [
        '{"__proto__":{"username":"grace","password":"x"}}',
        "body.username: missing",
        "body.password: missing",
      ],
      ["[]", "body: object_type"],
      ['["username","password"]', "body: object_type"],
      ["3", "body: object_type"],
      ["null", "body: object_type"],
      ['"username"', "body: object_type"],
    ];
    for (const [body, ...expected] of faults) {
      const answer = await network.send("POST", "/login", { body });
      assertRefused(answer, 422);
      assert.deepEqual(answer.json.detail.map(faultOf), expected, body);
    }
  });

  test("a body of a megabyte is too large, and no error", async () => {
    const body = JSON.stringify({ ...right, password: "x".repeat(1_000_000) });
    assertRefused(await untilAnswered(() => network.send("POST", "/login", { body })), 413);
  });

  test("sign-out ends the session and clears the cookie: a copy of it opens nothing", async () => {
    const browser = await signedIn();
    const copy = browser.cookie!;
    assertAnswer(await browser.post("/logout"), 200, { message: "Logout successful" });
    assert.equal(browser.cookie, undefined);
    assertRefused(await browser.get("/protected"), 401, invalidSession);
    assertRefused(await network.send("GET", "/protected", { cookie: copy }), 401, invalidSession);
  });

  test("sign-out without a session is no error", async () => {
    assertAnswer(await network.send("POST", "/logout"), 200, { message: "Logout successful" });
  });

  test("sign-out everywhere, from one browser, ends the other's session too", async () => {
    const [here, there] = [await signedIn(), await signedIn()];
    const answer = await here.post("/logout/all");
    assert.equal(answer.status, 200);
    assert.equal(answer.json.message, "Logout successful");
    assert.ok(answer.json.sessions >= 2);
    assert.equal(here.cookie, undefined);
    assertRefused(await there.get("/protected"), 401, invalidSession);
    assertRefused(await there.post("/logout/all"), 401, invalidSession);
    assertAnswer(await signIn(there), 200, welcome);
    assertAnswer(await there.get("/protected"), 200, secret);
  });

  test("signing in again replaces the session of the browser", async () => {
    const browser = await signedIn();
    const copy = browser.cookie!;
    assertAnswer(await signIn(browser), 200, welcome);
    assertRefused(await network.send("GET", "/protected", { cookie: copy }), 401, invalidSession);
    assertAnswer(await browser.get("/protected"), 200, secret);
  });

  test("other sites can neither sign anybody in nor out", async () => {
    const browser = await signedIn();
    const headers = { origin: "https://evil.example" };
    for (const path of ["/login", "/logout", "/logout/all"]) {
      const answer = await browser.post(path, { ...json(right), headers });
      assertRefused(answer, 403, { detail: "CSRF validation failed" });
    }
    assertAnswer(await browser.get("/protected"), 200, secret);
  });

  test("no cookie is an error, and none opens the door but the right one", async () => {
    const browser = await signedIn();
    const noise = fc.string({ unit: headerCharacter, maxLength: 200 });
    const cookies = fc.oneof(
      noise,
      noise.map((value) => `session_token=${value}`),
      noise
        .map((value) => `${browser.cookie};${value}=`)
        .filter((cookie) => !/;\s*session_token\s*=$/.test(cookie)),
      fc.nat(browser.cookie!.length - 1).map((end) => browser.cookie!.slice(0, end)),
    );
    await fc.assert(
      fc.asyncProperty(cookies, async (cookie) => {
        const answer = await network.send("GET", "/protected", { cookie });
        if (cookie.startsWith(`${browser.cookie};`)) assertAnswer(answer, 200, secret);
        else assertRefused(answer, 401, invalidSession);
      }),
      // From one address no more than 100 in a minute are looked at that are none of ours.
      { numRuns: 120 },
    );
  });

  test("no body is an error, and none signs in but the right one", async () => {
    const bodies = fc.oneof(
      fc.json(),
      fc.string({ unit: "binary" }),
      fc.uint8Array(),
      fc.record({ username: fc.jsonValue(), password: fc.jsonValue() }).map((value) => JSON.stringify(value)),
      fc.record({ username: fc.string(), password: fc.string() }).map((value) => JSON.stringify(value)),
    );
    await fc.assert(
      fc.asyncProperty(bodies, async (body) => {
        const answer = await network.send("POST", "/login", { body });
        assert.ok([401, 422].includes(answer.status), `${answer.status} ${answer.body}`);
        assert.deepEqual(answer.setCookies, []);
      }),
      { numRuns: 500 },
    );
  });
});

describe("examples/minimal.ts without configuration", () => {
  test("makes up a password, says where it listens, and stops when it is told", async () => {
    const child = spawn(process.execPath, [program], {
      env: { ...process.env, PORT: "0", API_USERNAME: "", API_PASSWORD: "" },
      stdio: ["ignore", "pipe", "inherit"],
    });
    const ended = once(child, "exit");
    try {
      const printed = await untilSaid(child.stdout, /\(made up/);
      const [, origin] = /(http:\/\/localhost:\d+)/.exec(printed)!;
      const [, password] = /password (\S+) \(made up/.exec(printed)!;
      const network = new Network(origin!);
      const signIn = (password: string) =>
        network.send("POST", "/login", json({ username: "admin", password }));
      assert.equal((await signIn(password!)).status, 200);
      for (const known of ["", "admin", "password", "undefined"]) {
        assert.equal((await signIn(known)).status, 401);
      }
      network.close();
    } finally {
      child.kill("SIGTERM");
    }
    assert.deepEqual(await ended, [0, null]);
  });
});

/** What Node's client lets a header hold. */
const headerCharacter = fc
  .integer({ min: 0x20, max: 0xff })
  .filter((code) => code !== 0x7f)
  .map((code) => String.fromCharCode(code));

function json(body: unknown): Message {
  return { body: JSON.stringify(body), headers: { "content-type": "application/json" } };
}

function assertAnswer(answer: Answer, status: number, body: unknown): void {
  assert.equal(answer.status, status, answer.body);
  assert.deepEqual(answer.json, body);
}

/** A refusal is said in JSON and sets no cookie. */
function assertRefused(answer: Answer, status: number, body?: unknown): void {
  assert.equal(answer.status, status, answer.body);
  assert.match(String(answer.headers["content-type"]), /^application\/json/);
  assert.deepEqual(answer.setCookies, []);
  if (body) assert.deepEqual(answer.json, body);
}

function faultOf({ loc, type }: { loc: string[]; type: string }): string {
  return `${loc.join(".")}: ${type}`;
}

async function untilSaid(output: AsyncIterable<Buffer>, wanted: RegExp): Promise<string> {
  let said = "";
  for await (const chunk of output) {
    said += chunk;
    if (wanted.test(said)) return said;
  }
  throw new Error(`It ended without saying so. It said:\n${said}`);
}
