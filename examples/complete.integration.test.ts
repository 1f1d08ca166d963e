import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempDisposable } from "node:fs/promises";
import { type ClientRequest, type IncomingMessage, type OutgoingHttpHeaders, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { text } from "node:stream/consumers";
import { after, before, describe, test } from "node:test";
import { generateKey } from "coatcheck";
import { type Answer, type Browser, type Message, Network } from "coatcheck/testing";
import fc from "fast-check";
import { startPostgres } from "../test/servers/postgres.ts";
import { type RunningProgram, startProgram } from "../test/servers/program.ts";
import { startRedis } from "../test/servers/redis.ts";
import { untilAnswered } from "../test/servers/until-answered.ts";

const program = join(import.meta.dirname, "complete.ts");

const admin = { email: "admin@example.com", password: "tea kettle upstairs window" };
const user = { email: "user@example.com", password: "umbrella over the piano" };

const signInPath = "/auth/login/session";
const signOutPath = "/auth/logout/session";
/** What needs a session. */
const guarded = [
  ["GET", "/auth/session"],
  ["GET", "/auth/csrf"],
  ["POST", "/api/transfer"],
] as const;

const adminsWelcome = {
  message: "Login successful",
  user: { id: "1", email: admin.email, roles: ["admin", "user"] },
};
const usersWelcome = { message: "Login successful", user: { id: "2", email: user.email, roles: ["user"] } };
const invalidCredentials = { detail: "Invalid credentials" };
const notAuthenticated = { detail: "Not authenticated" };
const invalidSession = { detail: "Invalid session" };
const csrfFailed = { detail: "CSRF validation failed" };
const unavailable = { detail: "Service temporarily unavailable" };
const goodbye = { message: "Logout successful" };
const transferred = { status: "success" };

/** Where the program keeps its sessions. */
interface Backend {
  readonly env: Readonly<Record<string, string>>;
  /** How it goes away and comes back. */
  readonly outages?: Readonly<Record<Fate, Outage>>;
}

type Fate = "killed" | "frozen";

interface Outage {
  begin(): Promise<unknown>;
  end(): Promise<unknown>;
}

/** A process of the program. */
interface Node extends AsyncDisposable {
  readonly running: RunningProgram;
  readonly network: Network;
}

/** What the tests of one store have in common, from their `before` on. */
interface Stage {
  backend: Backend;
  node: Node;
}

const backends: Readonly<Record<string, (used: AsyncDisposableStack) => Promise<Backend>>> = {
  memory: async () => ({ env: { STORE: "memory" } }),

  sqlite: async (used) => {
    const folder = used.use(await ownFolder());
    return { env: { STORE: "sqlite", SQLITE_FILE: join(folder.path, "sessions.db") } };
  },

  redis: async (used) => {
    // What it has answered is on its disk: else no session could outlive it.
    const redis = used.use(await startRedis("--appendonly", "yes", "--appendfsync", "always"));
    return {
      env: { STORE: "redis", REDIS_URL: redis.url },
      outages: {
        killed: { begin: () => killed(redis), end: () => redis.start() },
        frozen: {
          begin: async () => redis.process.kill("SIGSTOP"),
          end: async () => redis.process.kill("SIGCONT"),
        },
      },
    };
  },

  postgres: async (used) => {
    const postgres = used.use(await startPostgres());
    return {
      env: { STORE: "postgres", DATABASE_URL: postgres.url },
      outages: {
        killed: { begin: () => postgres.stop(), end: () => postgres.start() },
        frozen: { begin: () => postgres.freeze(), end: async () => postgres.thaw() },
      },
    };
  },
};

for (const [name, open] of Object.entries(backends)) {
  describe(`examples/complete.ts with sessions in ${name}`, () => {
    const used = new AsyncDisposableStack();
    const stage = {} as Stage;
    before(async () => {
      stage.backend = await open(used);
      stage.node = used.use(await startNode(stage.backend.env));
    });
    after(() => used.disposeAsync());

    describeSignIn(stage);
    describeSessions(stage);
    describeSignOut(stage);
    describeTransfers(stage);
    describeOtherSites(stage);
    describeStrangeCookies(stage);
    if (name === "memory") describeStrangeBodies(stage);
    else describeSharing(stage);
    if (name === "redis" || name === "postgres") describeOutages(stage);
    if (name === "sqlite") {
      describeLockedFile(stage);
      describeTheHour(stage);
    }
  });
}

function describeSignIn(stage: Stage): void {
  test("a sign-in is answered with the user, and with a cookie that no script can read", async () => {
    const { network } = stage.node;
    for (const [credentials, welcome] of [
      [admin, adminsWelcome],
      [user, usersWelcome],
      [{ ...user, email: "User@Example.com" }, usersWelcome],
    ] as const) {
      const answer = await signIn(network.browser(), credentials);
      assertAnswer(answer, 200, welcome);
      assert.equal(answer.setCookies.length, 1);
      assert.match(
        answer.setCookies[0]!,
        /^session=[\w-]+\.[\w-]+\.[\w-]+; HttpOnly; SameSite=Lax; Path=\/$/,
      );
      assert.equal(answer.headers["cache-control"], "no-store");
    }
  });

  test("from anywhere but this machine the cookie is Secure, and of this host alone", async () => {
    for (const headers of [{ host: "shop.example" }, { "x-forwarded-proto": "https" }]) {
      const { setCookies } = await stage.node.network.send("POST", signInPath, { ...json(admin), headers });
      assert.match(setCookies[0]!, /^__Host-session=\S+; HttpOnly; SameSite=Lax; Path=\/; Secure$/);
    }
  });

  test("wrong credentials are answered alike, whichever of them is wrong", async () => {
    const { network } = stage.node;
    const wrong = [
      { ...admin, password: user.password },
      { ...admin, email: "nobody@example.com" },
      { ...admin, email: "__proto__" },
      { email: "", password: "" },
    ];
    const answers = await Promise.all(wrong.map((each) => network.send("POST", signInPath, json(each))));
    for (const answer of answers) {
      assertRefused(answer, 401, invalidCredentials);
      assert.deepEqual({ ...answer.headers, date: "" }, { ...answers[0]!.headers, date: "" });
    }
  });

  test("of many wrong passwords at once five are looked at, and then one has to wait", async () => {
    const wrong = json({ email: "mallory@example.com", password: "a guess" });
    const crowd = Array.from({ length: 20 }, () => stage.node.network.send("POST", signInPath, wrong));
    const answers = Map.groupBy(await Promise.all(crowd), ({ status }) => status);
    // On a slow machine the first second may be over before the last one comes.
    assert.ok([5, 6].includes(answers.get(401)!.length), `${answers.get(401)!.length} were looked at`);
    for (const answer of answers.get(429)!) {
      assertRefused(answer, 429, { detail: "Too many attempts" });
      assert.match(String(answer.headers["retry-after"]), /^[12]$/);
    }
  });

  test("a faulty body is answered with what is wrong, and where", async () => {
    const faults: readonly (readonly [body: string, ...faults: string[]])[] = [
      ["", "body: json_invalid"],
      ["{", "body: json_invalid"],
      ["email=a&password=b", "body: json_invalid"],
      ["{}", "body.email: missing", "body.password: missing"],
      ['{"email":"a"}', "body.password: missing"],
      ['{"password":"b"}', "body.email: missing"],
      ['{"username":"a","password":"b"}', "body.email: missing"],
      ['{"email":1,"password":["b"]}', "body.email: string_type", "body.password: string_type"],
      ['{"email":null,"password":"b"}', "body.email: string_type"],
      ['{"__proto__":{"email":"a","password":"b"}}', "body.email: missing", "body.password: missing"],
      ["[]", "body: object_type"],
      ["3", "body: object_type"],
      ["null", "body: object_type"],
      ['"email"', "body: object_type"],
    ];
    for (const [body, ...expected] of faults) {
      const answer = await stage.node.network.send("POST", signInPath, { body });
      assertRefused(answer, 422);
      const found = answer.json.detail.map(
        ({ loc, type }: { loc: string[]; type: string }) => `${loc.join(".")}: ${type}`,
      );
      assert.deepEqual(found, expected, body);
    }
  });
}

function describeSessions(stage: Stage): void {
  test("the session says whose it is, since when and from where", async () => {
    const browser = stage.node.network.browser();
    const headers = { "user-agent": "Teapot/4.18 (earl; grey)" };
    await signIn(browser, admin, { headers });
    const answer = await browser.get("/auth/session", { headers: { "user-agent": "Another/1.0" } });
    assert.equal(answer.status, 200, answer.body);
    assert.equal(answer.headers["cache-control"], "no-store");
    const { created_at, last_activity, ...others } = answer.json;
    assert.deepEqual(others, {
      user_id: "1",
      email: admin.email,
      roles: ["admin", "user"],
      ip_address: "127.0.0.1",
      user_agent: headers["user-agent"],
    });
    assert.ok(created_at <= last_activity);
    for (const time of [created_at, last_activity]) {
      assert.equal(new Date(time).toISOString(), time);
      assert.ok(Math.abs(Date.parse(time) - Date.parse(String(answer.headers.date))) < 30_000, time);
    }
  });

  test("without a cookie nobody is authenticated, and a dead one is an invalid session", async () => {
    const { network } = stage.node;
    const dead = (await signedIn(network)).cookie!;
    await network.send("POST", signOutPath, { cookie: dead });
    for (const [method, path] of guarded) {
      assertRefused(await network.send(method, path), 401, notAuthenticated);
      assertRefused(await network.send(method, path, { cookie: "theme=dark" }), 401, notAuthenticated);
      for (const cookie of [dead, dead.slice(0, -1), `${dead}; ${dead}`, "session=x", "session="]) {
        assertRefused(await network.send(method, path, { cookie }), 401, invalidSession);
      }
    }
  });

  test("of four sign-ins three are left, and the first is told why it is not", async () => {
    const { network } = stage.node;
    const someoneElse = await signedIn(network, user);
    const first = await signedIn(network);
    const later = [await signedIn(network), await signedIn(network), await signedIn(network)];
    assertEnded(await first.get("/auth/session"), "evicted");
    for (const browser of [...later, someoneElse]) await assertSignedIn(browser);
  });

  test("signing in again in one browser replaces its session and signs no other browser out", async () => {
    const { network } = stage.node;
    const others = [await signedIn(network), await signedIn(network)];
    const browser = await signedIn(network);
    for (const credentials of [admin, user]) {
      const copy = browser.cookie!;
      assert.equal((await signIn(browser, credentials)).status, 200);
      assertEnded(await network.send("GET", "/auth/session", { cookie: copy }), "replaced");
      for (const each of [browser, ...others]) await assertSignedIn(each);
    }
    assert.equal((await browser.get("/auth/session")).json.email, user.email);
  });
}

function describeSignOut(stage: Stage): void {
  test("sign-out needs no CSRF token, clears the cookie and ends the session: a copy opens nothing", async () => {
    const { network } = stage.node;
    const browser = await signedIn(network);
    const copy = browser.cookie!;
    const answer = await browser.post(signOutPath);
    assertAnswer(answer, 200, goodbye);
    assert.match(answer.setCookies[0]!, /^session=; HttpOnly; Max-Age=0; /);
    assert.equal(browser.cookie, undefined);
    assertRefused(await browser.get("/auth/session"), 401, notAuthenticated);
    assertEnded(await network.send("GET", "/auth/session", { cookie: copy }), "logout");
  });

  test("sign-out without a session, or with a dead one, is no error", async () => {
    const { network } = stage.node;
    const { cookie } = await signedIn(network);
    for (const message of [{ cookie: cookie! }, { cookie: cookie! }, { cookie: "session=x" }, {}]) {
      assertAnswer(await network.send("POST", signOutPath, message), 200, goodbye);
    }
  });

  test("sign-out is final: a slow request that began before it brings nothing back", async () => {
    const { network } = stage.node;
    const browser = await signedIn(network);
    const cookie = browser.cookie!;
    const { body, headers } = inForm(await csrfToken(browser));
    const slow = posting(stage.node, "/api/transfer", { ...headers, cookie, "content-length": body.length });
    const answered = responseTo(slow);
    slow.write(body.slice(0, 20));
    await assertSignedIn(browser);
    assertAnswer(await browser.post(signOutPath), 200, goodbye);
    slow.end(body.slice(20));
    const response = await answered;
    assert.ok([200, 401].includes(response.statusCode!), await text(response));
    assert.equal(response.headers["set-cookie"], undefined);
    assertEnded(await network.send("GET", "/auth/session", { cookie }), "logout");
  });

  // Proves ASVS 7.4.1.
  test("sign-out is final: of many requests at once none opens anything after it, nor sends a cookie", async () => {
    const { network } = stage.node;
    const browser = await signedIn(network);
    const cookie = browser.cookie!;
    const others = () => Array.from({ length: 20 }, () => network.send("GET", "/auth/session", { cookie }));
    const before = others();
    const signOut = browser.post(signOutPath);
    const during = others();
    assertAnswer(await signOut, 200, goodbye);
    for (const answer of await Promise.all(others())) assertEnded(answer, "logout");
    for (const answer of await Promise.all([...before, ...during])) {
      assert.ok([200, 401].includes(answer.status), answer.body);
      assert.deepEqual(answer.setCookies, []);
    }
  });
}

function describeTransfers(stage: Stage): void {
  test("a transfer is done with any CSRF token of the session, in the header or in a form", async () => {
    const browser = await signedIn(stage.node.network);
    const [token, another] = [await csrfToken(browser), await csrfToken(browser)];
    assert.notEqual(token, another);
    const right = [inHeader(token), inHeader(another), inForm(token), inMultipart(token)];
    for (const message of [...right, both(inHeader(token), inForm("x"))]) {
      const answer = await browser.post("/api/transfer", message);
      assertAnswer(answer, 200, transferred);
      assert.deepEqual(answer.setCookies, []);
    }
  });

  test("a transfer is refused without one, and with that of another session", async () => {
    const { network } = stage.node;
    const browser = await signedIn(network);
    const former = await csrfToken(browser);
    await signIn(browser);
    const token = await csrfToken(browser);
    const sameUsers = await csrfToken(await signedIn(network));
    const otherUsers = await csrfToken(await signedIn(network, user));
    const nobodys = ["", "x", token.slice(1), `${token}A`, flipped(token), browser.cookie!.slice(8)];
    const wrong = [former, sameUsers, otherUsers, ...nobodys];
    const messages: readonly Message[] = [
      ...wrong.flatMap((each) => [inHeader(each), inForm(each), inMultipart(each)]),
      both(inHeader(""), inForm(token)),
      json({ csrf_token: token }),
      { body: `csrf_token=${token}` },
      { cookie: `${browser.cookie}; csrf_token=${token}` },
      {},
    ];
    for (const message of messages) {
      assertRefused(await browser.post("/api/transfer", message), 403, csrfFailed);
    }
    assertRefused(await browser.post(`/api/transfer?csrf_token=${token}`), 403, csrfFailed);
    assertAnswer(await browser.post("/api/transfer", inHeader(token)), 200, transferred);
  });
}

function describeOtherSites(stage: Stage): void {
  test("other sites can sign nobody in or out, and transfer nothing even with the right token", async () => {
    const browser = await signedIn(stage.node.network);
    const token = await csrfToken(browser);
    for (const headers of [{ origin: "https://evil.example" }, { "sec-fetch-site": "cross-site" }]) {
      for (const [path, message] of [
        [signInPath, json(admin)],
        [signOutPath, {}],
        ["/api/transfer", inHeader(token)],
      ] as const) {
        assertRefused(await browser.post(path, both(message, { headers })), 403, csrfFailed);
      }
    }
    await assertSignedIn(browser);
  });
}

function describeStrangeCookies(stage: Stage): void {
  test("no cookie is an error, and none opens the door but the right one", async () => {
    const { network } = stage.node;
    const browser = await signedIn(network);
    const noise = fc.string({ unit: headerCharacter, maxLength: 200 });
    const cookies = fc.oneof(
      noise,
      noise.map((value) => `session=${value}`),
      fc.nat(browser.cookie!.length - 1).map((end) => browser.cookie!.slice(0, end)),
    );
    await fc.assert(
      fc.asyncProperty(cookies, async (cookie) => {
        assertRefused(await network.send("GET", "/auth/session", { cookie }), 401);
      }),
      { numRuns: 100 },
    );
    await assertSignedIn(browser);
  });
}

/** No store sees a body. */
function describeStrangeBodies(stage: Stage): void {
  test("no body of a sign-in is an error, and none signs in but the right one", async () => {
    const send = (body: string | Uint8Array) => stage.node.network.send("POST", signInPath, { body });
    const noise = fc.oneof(fc.json(), fc.string({ unit: "binary" }), fc.uint8Array());
    await fc.assert(
      fc.asyncProperty(noise, async (body) => assertRefused(await send(body), 422)),
      { numRuns: 100 },
    );
    // Few, for each is worth the work of a password.
    const credentials = fc.record({ email: fc.string({ unit: "binary" }), password: fc.string() });
    await fc.assert(
      fc.asyncProperty(credentials, async (each) =>
        assertRefused(await send(JSON.stringify(each)), 401, invalidCredentials),
      ),
      { numRuns: 5 },
    );
  });

  test("no body of a transfer is an error, whatever it says it is", async () => {
    const browser = await signedIn(stage.node.network);
    const types = fc.constantFrom(
      "application/x-www-form-urlencoded",
      "multipart/form-data",
      "multipart/form-data; boundary=x",
      "application/json",
      "nonsense",
    );
    const bodies = fc.oneof(
      fc.uint8Array(),
      fc.string({ unit: "binary" }),
      fc.string().map((text) => `--x\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n${text}`),
    );
    await fc.assert(
      fc.asyncProperty(types, bodies, async (type, body) => {
        const answer = await browser.post("/api/transfer", { body, headers: { "content-type": type } });
        assertRefused(answer, 403, csrfFailed);
      }),
      { numRuns: 100 },
    );
  });

  test("a body of a megabyte is too large, and no error", async () => {
    const browser = await signedIn(stage.node.network);
    const large = "x".repeat(1_000_000);
    const credentials = json({ ...admin, password: large });
    assertRefused(await untilAnswered(() => browser.post(signInPath, credentials)), 413);
    assertRefused(await untilAnswered(() => browser.post("/api/transfer", inForm(large))), 413);
    const { statusCode } = await untilAnswered(() => {
      const unannounced = posting(stage.node, signInPath, { "transfer-encoding": "chunked" });
      return responseTo(unannounced.on("error", () => {}).end(large));
    });
    assert.equal(statusCode, 413);
  });
}

/** What several processes on one store, and one that was started again, owe to each other. */
function describeSharing(stage: Stage): void {
  describe("two processes", () => {
    let other: Node;
    before(async () => {
      other = await startNode(stage.backend.env);
    });
    after(() => other[Symbol.asyncDispose]());

    test("share every session, and its CSRF tokens", async () => {
      const browser = await signedIn(stage.node.network);
      const { json } = await browser.get("/auth/session");
      const cookie = browser.cookie!;
      assertAnswer(await other.network.send("GET", "/auth/session", { cookie }), 200, json);
      const token = await csrfToken(browser);
      const transfer = await other.network.send("POST", "/api/transfer", { cookie, ...inHeader(token) });
      assertAnswer(transfer, 200, transferred);
    });

    test("agree at once that a session has ended, wherever it was signed out", async () => {
      for (const [here, there] of [
        [stage.node, other],
        [other, stage.node],
      ] as const) {
        const browser = await signedIn(here.network);
        const cookie = browser.cookie!;
        assert.equal((await there.network.send("GET", "/auth/session", { cookie })).status, 200);
        assertAnswer(await browser.post(signOutPath), 200, goodbye);
        assertEnded(await there.network.send("GET", "/auth/session", { cookie }), "logout");
      }
    });

    test("leave three sessions of one user, however many sign in at once", async () => {
      const networks = [stage.node.network, other.network];
      const browsers = [...networks, ...networks, ...networks].map((network) => network.browser());
      await Promise.all(browsers.map((browser) => signIn(browser)));
      for (const network of networks) {
        const answers = await Promise.all(
          browsers.map(({ cookie }) => network.send("GET", "/auth/session", { cookie: cookie! })),
        );
        assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 200, 200, 401, 401, 401]);
      }
    });
  });

  test("sessions and their CSRF tokens outlive a restart of the program", async () => {
    const { network } = stage.node;
    const browser = await signedIn(network);
    const ended = await signedIn(network);
    const { cookie } = ended;
    await ended.post(signOutPath);
    const [{ json }, token] = [await browser.get("/auth/session"), await csrfToken(browser)];
    await restart(stage.node);
    assertAnswer(await browser.get("/auth/session"), 200, json);
    assertAnswer(await browser.post("/api/transfer", inHeader(token)), 200, transferred);
    assertEnded(await network.send("GET", "/auth/session", { cookie: cookie! }), "logout");
  });
}

function describeOutages(stage: Stage): void {
  for (const fate of ["killed", "frozen"] as const) {
    test(`a ${fate} store is an outage and no sign-out: the same cookie works when it is back`, {
      timeout: 60_000,
    }, async () => {
      const { network } = stage.node;
      const outage = stage.backend.outages![fate];
      const browser = await signedIn(network);
      const [{ cookie }, token] = [browser, await csrfToken(browser)];
      await outage.begin();
      try {
        const answers = await Promise.all([
          browser.get("/auth/session"),
          browser.get("/auth/csrf"),
          browser.post("/api/transfer", inHeader(token)),
          browser.post(signOutPath),
          signIn(browser),
          signIn(network.browser()),
        ]);
        for (const answer of answers) assertUnavailable(answer);
        assert.equal(browser.cookie, cookie);
        assertRefused(await network.send("GET", "/auth/session"), 401, notAuthenticated);
      } finally {
        await outage.end();
      }
      assert.equal((await untilAvailable(() => browser.get("/auth/session"))).status, 200);
      assertAnswer(await browser.post("/api/transfer", inHeader(token)), 200, transferred);
      assert.equal(browser.cookie, cookie);
      assertAnswer(await browser.post(signOutPath), 200, goodbye);
    });
  }
}

function describeLockedFile(stage: Stage): void {
  test("while somebody else locks the file, sessions are read, and what must be written is an outage", async () => {
    const browser = await signedIn(stage.node.network);
    const { cookie } = browser;
    const db = new DatabaseSync(stage.backend.env.SQLITE_FILE!);
    db.exec("BEGIN IMMEDIATE");
    try {
      await assertSignedIn(browser);
      assertUnavailable(await browser.post(signOutPath));
      assert.equal(browser.cookie, cookie);
    } finally {
      db.close();
    }
    await assertSignedIn(browser);
    assertAnswer(await browser.post(signOutPath), 200, goodbye);
  });
}

/** On SQLite, for it has no clock of its own: a process whose clock is ahead judges as this one would later. */
function describeTheHour(stage: Stage): void {
  test("a session lives one hour, however much it is used", async () => {
    const { env } = stage.backend;
    await using inTime = await startNode(env, ...clockAhead(59));
    await using tooLate = await startNode(env, ...clockAhead(60));
    const browser = await signedIn(stage.node.network);
    const { created_at } = (await browser.get("/auth/session")).json;
    const use = ({ network }: Node) => network.send("GET", "/auth/session", { cookie: browser.cookie! });
    assert.equal((await use(inTime)).status, 200);
    const { last_activity } = (await use(inTime)).json;
    assert.ok(Date.parse(last_activity) - Date.parse(created_at) >= 59 * 60_000, last_activity);
    assertEnded(await use(tooLate), "expired");
  });
}

describe("examples/complete.ts with KEYS", () => {
  test("seals its cookies, which outlive a restart, and the audit has what happened", async () => {
    await using folder = await ownFolder();
    const SQLITE_FILE = join(folder.path, "sessions.db");
    const KEYS = `${generateKey()},${generateKey()}`;
    await using node = await startNode({ STORE: "sqlite", SQLITE_FILE, KEYS });
    const browser = await signedIn(node.network);
    const [id] = KEYS.split(":");
    assert.match(browser.cookie!, new RegExp(`session=${id}\\.`));
    await restart(node);
    await assertSignedIn(browser);
    assertAnswer(await browser.post(signOutPath), 200, goodbye);
    await node.running.stop();
    const db = new DatabaseSync(SQLITE_FILE);
    const events = db.prepare("SELECT event FROM coatcheck_audit ORDER BY at").all();
    db.close();
    assert.deepEqual(
      events.map(({ event }) => event),
      ["created", "revoked"],
    );
  });
});

describe("examples/complete.ts when it starts", () => {
  test("refuses a store that it does not know, and lists those that it knows", async () => {
    const list = "memory, sqlite, redis, postgres";
    await Promise.all(
      ["mongodb", "SQLite", "constructor", " "].map(async (STORE) => {
        const { code, printed } = await ended({ STORE });
        assert.equal(code, 1);
        assert.equal(printed, `STORE is ${JSON.stringify(STORE)}. It must be one of: ${list}\n`);
      }),
    );
  });

  test("refuses to run without its store, and says which one and why", async () => {
    await using folder = await ownFolder();
    const cases: readonly (readonly [env: Backend["env"], said: RegExp])[] = [
      [{ STORE: "sqlite", SQLITE_FILE: folder.path }, /^The sqlite store cannot be opened: \S/m],
      [
        { STORE: "redis", REDIS_URL: "redis://localhost:1" },
        /ECONNREFUSED[\s\S]*^The redis store is not ready/m,
      ],
      [{ STORE: "redis", REDIS_URL: "nonsense" }, /^The redis store cannot be opened: Invalid URL$/m],
      [
        { STORE: "postgres", DATABASE_URL: "postgres://localhost:1/x" },
        /^The postgres store .*ECONNREFUSED/m,
      ],
    ];
    await Promise.all(
      cases.map(async ([env, said]) => {
        const { code, printed } = await ended(env);
        assert.equal(code, 1);
        assert.match(printed, said);
      }),
    );
  });

  test("refuses a port that is taken, and says so", async () => {
    await using node = await startNode({ STORE: "memory" });
    const { code, printed } = await ended({ STORE: "memory", PORT: String(node.running.port) });
    assert.equal(code, 1);
    assert.match(printed, /^It cannot serve: listen EADDRINUSE.*\n$/);
  });

  test("loads the client of the chosen store only", async () => {
    await using folder = await ownFolder();
    const SQLITE_FILE = join(folder.path, "sessions.db");
    for (const [env, ...missing] of [
      [{ STORE: "" }, "redis", "pg", "node:sqlite"],
      [{ STORE: "sqlite", SQLITE_FILE }, "redis", "pg"],
    ] as const) {
      await using node = await startNode(env, ...without(missing));
      await assertSignedIn(await signedIn(node.network));
    }
    const { code, printed } = await ended({ STORE: "redis" }, ...without(["redis"]));
    assert.deepEqual([code, printed], [1, "The redis store cannot be opened: redis is not installed\n"]);
  });

  test("works as long for an email that nobody has as for a wrong password", async () => {
    await using node = await startNode({ STORE: "memory" });
    const took = { wrong: 0, unknown: 0 };
    for (let round = 0; round < 5; round++) {
      took.wrong += await timed(() => signIn(node.network.browser(), { ...admin, password: "wrong" }));
      took.unknown += await timed(() => signIn(node.network.browser(), { ...admin, email: "nobody" }));
    }
    // Without the work it would be a hundredth.
    assert.ok(took.unknown > took.wrong / 4, JSON.stringify(took));
  });

  test("makes up passwords, says where it listens, and stops when it is told", async () => {
    const child = spawn(process.execPath, [program], {
      env: { ...process.env, PORT: "0", STORE: "", ADMIN_PASSWORD: "", USER_PASSWORD: "" },
      stdio: ["ignore", "pipe", "inherit"],
    });
    const exit = once(child, "exit");
    try {
      const printed = await untilSaid(child.stdout, new RegExp(`${user.email}.*\\n`));
      const [, origin] = /^Listening on (http:\/\/localhost:\d+), sessions in memory$/m.exec(printed)!;
      const network = new Network(origin!);
      for (const { email } of [admin, user]) {
        const [, password] = new RegExp(`${email} with the password (\\S+) \\(made up`).exec(printed)!;
        await assertSignedIn(await signedIn(network, { email, password: password! }));
        for (const known of ["", "password", "undefined"]) {
          const answer = await signIn(network.browser(), { email, password: known });
          assertRefused(answer, 401, invalidCredentials);
        }
      }
      network.close();
    } finally {
      child.kill("SIGTERM");
    }
    assert.deepEqual(await exit, [0, null]);
  });
});

interface Credentials {
  readonly email: string;
  readonly password: string;
}

function ownFolder(): ReturnType<typeof mkdtempDisposable> {
  return mkdtempDisposable(join(tmpdir(), "coatcheck-test-"));
}

async function startNode(env: Backend["env"], ...flags: readonly string[]): Promise<Node> {
  const running = await startProgram(({ port }) => ({
    command: process.execPath,
    args: [...cheapPasswords, ...flags, program],
    env: { PORT: String(port), ADMIN_PASSWORD: admin.password, USER_PASSWORD: user.password, ...env },
  }));
  const network = new Network(`http://127.0.0.1:${running.port}`);
  return {
    running,
    network,
    [Symbol.asyncDispose]: () => {
      network.close();
      return running[Symbol.asyncDispose]();
    },
  };
}

async function restart({ running, network }: Node): Promise<void> {
  network.close();
  await running.stop();
  await running.start();
}

/** Not asked: it has no time to put anything in order. */
async function killed(program: RunningProgram): Promise<void> {
  program.process.kill("SIGKILL");
  await program.stop();
}

/** The program, when it has ended by itself. */
async function ended(
  env: Readonly<Record<string, string>>,
  ...flags: readonly string[]
): Promise<{ readonly code: number | null; readonly printed: string }> {
  const child = spawn(process.execPath, [...flags, program], {
    env: { ...process.env, PORT: "0", ...env },
    stdio: ["ignore", "inherit", "pipe"],
    timeout: 20_000,
  });
  const [printed, [code]] = await Promise.all([text(child.stderr), once(child, "exit")]);
  return { code, printed };
}

async function untilSaid(output: AsyncIterable<Buffer>, wanted: RegExp): Promise<string> {
  let said = "";
  for await (const chunk of output) {
    said += chunk;
    if (wanted.test(said)) return said;
  }
  throw new Error(`It ended without saying so. It said:\n${said}`);
}

/** Node, on a machine whose clock is ahead. */
function clockAhead(minutes: number): string[] {
  return first(`const { now } = Date; Date.now = () => now() + ${minutes * 60_000};`);
}

/** A quarter of a second for each password would be most of what these tests take. The memory that it demands is as it is. */
const cheapPasswords = first(`
  import crypto from "node:crypto";
  import { syncBuiltinESMExports } from "node:module";
  const { scrypt } = crypto;
  crypto.scrypt = (password, salt, length, cost, done) => scrypt(password, salt, length, { ...cost, p: 1 }, done);
  syncBuiltinESMExports();`);

/** Node, where these cannot be imported. */
function without(missing: readonly string[]): string[] {
  return first(`
    import { registerHooks } from "node:module";
    const missing = new Set(${JSON.stringify(missing)});
    registerHooks({
      resolve(specifier, context, next) {
        if (missing.has(specifier)) throw new Error(specifier + " is not installed");
        return next(specifier, context);
      },
    });`);
}

function first(script: string): string[] {
  return ["--import", `data:text/javascript,${encodeURIComponent(script)}`];
}

/** A request whose body is the test's to send. */
function posting({ running }: Node, path: string, headers: OutgoingHttpHeaders): ClientRequest {
  return request({ host: "127.0.0.1", port: running.port, method: "POST", path, headers });
}

async function responseTo(request: ClientRequest): Promise<IncomingMessage> {
  const [response] = await once(request, "response");
  return response;
}

function signIn(browser: Browser, credentials: Credentials = admin, message?: Message): Promise<Answer> {
  return browser.post(signInPath, both(json(credentials), message ?? {}));
}

async function signedIn(network: Network, credentials: Credentials = admin): Promise<Browser> {
  const browser = network.browser();
  const answer = await signIn(browser, credentials);
  assert.equal(answer.status, 200, answer.body);
  return browser;
}

async function csrfToken(browser: Browser): Promise<string> {
  const answer = await browser.get("/auth/csrf");
  assert.equal(answer.status, 200, answer.body);
  assert.deepEqual(Object.keys(answer.json), ["csrf_token"]);
  assert.equal(answer.headers["cache-control"], "no-store");
  return answer.json.csrf_token;
}

async function assertSignedIn(browser: Browser): Promise<void> {
  const answer = await browser.get("/auth/session");
  assert.equal(answer.status, 200, answer.body);
  assert.deepEqual(answer.setCookies, []);
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

function assertEnded(answer: Answer, reason: string): void {
  assertRefused(answer, 401, invalidSession);
  assert.equal(answer.headers["www-authenticate"], `Cookie realm="session", error="${reason}"`);
}

function assertUnavailable(answer: Answer): void {
  assertRefused(answer, 503, unavailable);
  assert.match(String(answer.headers["retry-after"]), /^[1-9]\d*$/);
}

/** Clients find their way back at their own pace. */
async function untilAvailable(ask: () => Promise<Answer>): Promise<Answer> {
  for (;;) {
    const answer = await ask();
    if (answer.status !== 503) return answer;
  }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

function json(body: unknown): Message & { readonly body: string } {
  return { body: JSON.stringify(body), headers: { "content-type": "application/json" } };
}

function inHeader(token: string): Message {
  return { headers: { "x-csrf-token": token } };
}

function inForm(token: string): Message & { readonly body: string } {
  return {
    body: new URLSearchParams({ amount: "10", csrf_token: token }).toString(),
    headers: { "content-type": "application/x-www-form-urlencoded" },
  };
}

/** Long, as those of browsers: Node's parser does not like one that stands in a value. */
const boundary = "----FormBoundaryOfATeapot4180418";

function inMultipart(token: string): Message {
  return {
    body: `--${boundary}\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n${token}\r\n--${boundary}--\r\n`,
    headers: { "content-type": `multipart/form-data; boundary=${boundary}` },
  };
}

function both(one: Message, other: Message): Message {
  return { ...one, ...other, headers: { ...one.headers, ...other.headers } };
}

/** Of the same form, and another. */
function flipped(token: string): string {
  return (token.startsWith("A") ? "B" : "A") + token.slice(1);
}

/** What Node's client lets a header hold. */
const headerCharacter = fc
  .integer({ min: 0x20, max: 0xff })
  .filter((code) => code !== 0x7f)
  .map((code) => String.fromCharCode(code));
