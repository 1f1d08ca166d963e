/** Requests that no browser would send, to every call and every page: nobody gets in, nothing is left, nothing fails. */
import assert from "node:assert/strict";
import { after, before as beforeAll, describe, test } from "node:test";
import { generateKey } from "coatcheck";
import * as fc from "fast-check";
import pg from "pg";
import { holds } from "../../../../test/fuzz/property.ts";
import { madeOf, nearly, notorious, wildHeader, wildText } from "../../../../test/fuzz/texts.ts";
import { providePostgres } from "../../../../test/servers/postgres.ts";
import { provideRedis } from "../../../../test/servers/redis.ts";
import { wasCutOff } from "../../../../test/servers/until-answered.ts";
import type { OpenApiDocument, Operation } from "../../src/api/openapi.ts";
import { type Forms, formsOf } from "../support/forms.ts";
import { rawRequest } from "../support/raw-request.ts";
import { ada, startTestServer, type TestServer, withAda } from "../support/test-server.ts";
import type { Visitor } from "../support/visitor.ts";
import { assertFits, fitting, spoiled } from "./schema.ts";
import { Wire, type WireAnswer, type WireRequest } from "./wire.ts";

/** A call of the API as it is sent by whoever is in the middle of a property. */
interface Attempt {
  readonly name: string;
  readonly operation: Operation | undefined;
  readonly request: WireRequest;
  readonly isHonest: boolean;
  readonly network: number;
}

interface Place extends AsyncDisposable {
  readonly settings: Readonly<Record<string, string>>;
  /** How many rows each table has; of the server when it runs. */
  rows(server: TestServer): Promise<Readonly<Record<string, number>>>;
}

async function onSqlite(): Promise<Place> {
  return {
    settings: {},
    rows: async (server) => {
      const names = server
        .sql("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'")
        .map(({ name }) => String(name));
      const counted = names.map((name) => [
        name,
        Number(server.sql(`SELECT count(*) AS n FROM "${name}"`)[0]!.n),
      ]);
      return Object.fromEntries(counted);
    },
    [Symbol.asyncDispose]: async () => {},
  };
}

async function onPostgresAndRedis(): Promise<Place> {
  const [database, redis] = await Promise.all([providePostgres(), provideRedis()]);
  const pool = new pg.Pool({ connectionString: database.url, max: 1 });
  return {
    settings: {
      COATCHECK_DATABASE: database.url,
      COATCHECK_SESSIONS: redis.url,
      COATCHECK_SECRET: generateKey(),
    },
    rows: async () => {
      const { rows } = await pool.query(
        "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()",
      );
      const counts = new Map<string, number>();
      for (const { tablename } of rows) {
        const { rows: counted } = await pool.query(`SELECT count(*)::int AS n FROM "${tablename}"`);
        counts.set(tablename, counted[0].n);
      }
      return Object.fromEntries(counts);
    },
    [Symbol.asyncDispose]: async () => {
      await pool.end();
      await Promise.all([database, redis].map((each) => each[Symbol.asyncDispose]()));
    },
  };
}

/** Leads to another call than the one whose name it was made from. */
const hasDots = /\/(?:\.|%2e){1,2}(?:[/?]|$)/i;

/** What happens is counted and told, and sessions are listed a moment later: no rows that garbage makes, and bounded. */
const counted = /attempts|audit|outbox|figure|refused_addresses|census|projected/;

for (const [backend, provide] of Object.entries({
  SQLite: onSqlite,
  "PostgreSQL and Redis": onPostgresAndRedis,
})) {
  describe(`a server on ${backend}`, () => {
    let place: Place;
    let server: TestServer;
    let wire: Wire;
    let document: OpenApiDocument;
    let honest: Honest;
    let forms: Forms;
    let ids: readonly string[];
    let before: Readonly<Record<string, number>>;

    beforeAll(async () => {
      place = await provide();
      const env = { ...withAda, ...mailAndProxy, ...place.settings };
      server = await startTestServer({ env });
      wire = new Wire(server.origin);
      honest = new Honest(server);
      await honest.signIn();
      const made = await honest.visitor.call("POST", "/api/admin/users", { email: "bob@example.com" });
      ids = [made.json().user.id, (await honest.visitor.call("GET", "/api/account")).json().user?.id ?? "x"];
      document = (await honest.visitor.send("GET", "/openapi.json")).json();
      forms = new Map([
        ...(await formsOf(server.visitor(), "/login")),
        ...(await formsOf(honest.visitor, "/devices")),
        ...(await formsOf(honest.visitor, "/admin/users")),
        ...(await formsOf(honest.visitor, `/admin/users/${ids[0]}`)),
        ["/setup", { code: "", email: "", password: "" }],
        ["/forgot", { email: "" }],
        ["/reset", { code: "", password: "" }],
        ["/end-session", { code: "" }],
        ["/session/stay", {}],
        ["/confirm", { password: "", next: "/", csrf_token: "" }],
      ]);
      before = await place.rows(server);
    });
    after(async () => {
      wire?.close();
      await server?.[Symbol.asyncDispose]();
      await place?.[Symbol.asyncDispose]();
    });

    test(
      "lets nobody in by any call, whatever is sent, gives no cookie, and never fails (CVE-2025-61928)",
      holds(
        fc.asyncProperty(
          lazily(() => attempts(document, ids, [false])),
          async (attempt) => {
            const answer = await send(attempt);
            assertSound(attempt, answer);
            assert.deepEqual(
              answer.cookies.filter((line) => !clears.test(line)),
              [],
            );
            if (attempt.operation?.security) assert.ok(answer.status >= 400, String(answer.status));
          },
        ),
        { runs: 100 },
      ),
    );

    test(
      "answers pages and forms of strangers, whatever is sent, gives no cookie, and never fails",
      holds(
        fc.asyncProperty(
          lazily(() => visits(forms, [false])),
          async (attempt) => {
            const answer = await send(attempt);
            assertSound(attempt, answer);
            assert.deepEqual(
              answer.cookies.filter((line) => !clears.test(line)),
              [],
            );
          },
        ),
        { runs: 90 },
      ),
    );

    test("has no row more after all that (CVE-2015-5143, CVE-2015-5963)", async () => {
      const now = await place.rows(server);
      for (const [table, rows] of Object.entries(before)) {
        // Fewer they may be: what is over is pruned.
        if (!counted.test(table)) assert.ok(now[table]! <= rows, table);
      }
    });

    test(
      "answers every call of an administrator as its document says, whatever is sent (ASVS 15.3.5, ASVS 15.3.6)",
      holds(
        fc.asyncProperty(
          lazily(() => attempts(document, ids, [true])),
          async (attempt) => {
            await honest.signInAgain();
            const answer = await send(attempt);
            assertSound(attempt, answer);
            if (hasDots.test(attempt.request.path)) return;
            const described =
              attempt.operation?.responses[answer.status]?.content["application/json"]?.schema;
            if (described) assertFits(document, described, JSON.parse(answer.text));
          },
        ),
        { runs: 100 },
      ),
    );

    test(
      "answers pages and forms of an administrator, whatever is sent, and puts no text of theirs in as markup",
      holds(
        fc.asyncProperty(
          lazily(() => visits(forms, [true])),
          async (attempt) => {
            await honest.signInAgain();
            assertSound(attempt, await send(attempt));
          },
        ),
        { runs: 90 },
      ),
    );

    test("has had no error of its own", () => assert.doesNotMatch(server.logs, /"event":"internal-error"/));

    async function send(attempt: Attempt): Promise<WireAnswer> {
      const { request, isHonest, network } = attempt;
      const answer = await patiently(() => ({
        ...request,
        headers: {
          // Each from a network of its own: what is tried here is not the throttle.
          "x-forwarded-for": `2001:db8:${(network >>> 16).toString(16)}:${(network & 0xffff).toString(16)}::1`,
          origin: server.origin,
          "sec-fetch-site": "same-origin",
          ...request.headers,
          ...(isHonest && { cookie: honest.cookies, "user-agent": honest.visitor.userAgent }),
          ...(isHonest && request.headers["x-csrf-token"] === "" && { "x-csrf-token": honest.token }),
        },
        body: isHonest
          ? String(request.body ?? "").replace("csrf-of-the-honest", honest.token)
          : request.body,
      }));
      if (isHonest) honest.keep(answer);
      return answer;
    }

    /** On a busy machine a store may answer too late: what is wrong with a request is wrong with it each time. */
    async function patiently(request: () => WireRequest): Promise<WireAnswer> {
      for (let attempt = 1; ; attempt++) {
        const sent = request();
        const answer = await wire.send(sent);
        if (answer && (answer.status !== 503 || attempt === 4)) return answer;
        if (answer) continue;
        assert.ok(String(sent.body ?? "").length > largestBody, `${sent.method} ${sent.path} has no answer`);
        fc.pre(false);
      }
    }

    function assertSound({ operation, request, name }: Attempt, { status, headers, text }: WireAnswer): void {
      const shown = `${name}: ${status} ${text.slice(0, 300)}`;
      assert.ok(status >= 200 && status < 500, shown);
      // More headers, or a longer path, than Node shows to anybody.
      if (status === 431) return;
      assert.ok(headers["content-security-policy"], shown);
      // A target that is no URL of this server, as `/\\evil.example`: the application never sees it.
      if (status === 400 && text === "") return;
      if (operation && !hasDots.test(request.path))
        assert.ok(status in operation.responses || anywhere.has(status), `${shown} is not documented`);
      assert.ok(headers["x-request-id"], shown);
      assert.equal(headers["x-content-type-options"], "nosniff", shown);
      if (!forPrograms.test(String(headers["content-type"]))) assert.doesNotMatch(text, /<img src=x/, shown);
      if (headers.location !== undefined) {
        assert.equal(new URL(headers.location, server.origin).origin, server.origin, shown);
      }
      if (status >= 400 && request.method !== "HEAD" && !isPage(headers)) {
        assert.match(String(headers["content-type"]), /^application\/problem\+json/, shown);
        const problem = JSON.parse(text);
        assert.equal(problem.status, status, shown);
        assert.match(problem.type, /^urn:coatcheck:problem:/, shown);
      }
      const isForPeople = request.headers.accept === "text/html" && !request.path.startsWith("/api/");
      if (status >= 400 && isForPeople) assert.ok(isPage(headers), shown);
    }
  });
}

/** No markup to whoever is told not to guess: a problem names the keys that are unknown, an export what browsers were called. */
const forPrograms = /^(?:application\/(?:json|jsonl|problem\+json)|text\/csv)(?:;|$)/;

function isPage(headers: WireAnswer["headers"]): boolean {
  return String(headers["content-type"]).startsWith("text/html");
}

/** An administrator in one browser, who signs in again where a request has ended the session. */
class Honest {
  readonly visitor: Visitor;
  readonly #server: TestServer;
  token = "";

  constructor(server: TestServer) {
    this.#server = server;
    this.visitor = server.visitor();
  }

  get cookies(): string {
    return `__Host-session=${this.visitor.cookie}`;
  }

  /** A day later, when no attempt from before counts. */
  async signIn(): Promise<void> {
    this.#server.clock.now += 24 * 60 * 60_000;
    this.visitor.cookie = undefined;
    await this.visitor.signIn(ada);
    this.token = await this.visitor.csrfToken();
  }

  async signInAgain(): Promise<void> {
    if (this.visitor.cookie === undefined) await this.signIn();
  }

  /** What the browser keeps of an answer. */
  keep({ cookies, status }: WireAnswer): void {
    for (const line of cookies) {
      const [, value] = /^__Host-session=([^;]*)/.exec(line) ?? [];
      if (value !== undefined) this.visitor.cookie = value || undefined;
    }
    if (status === 401) this.visitor.cookie = undefined;
  }
}

/** A value of what is known only when the server runs. */
function lazily<T>(make: () => fc.Arbitrary<T>): fc.Arbitrary<T> {
  let made: fc.Arbitrary<T> | undefined;
  return fc.constant(undefined).chain(() => {
    made ??= make();
    return made;
  });
}

/** Every call of the document: its own parameters and bodies, and whatever else may be sent in their place. */
function attempts(
  document: OpenApiDocument,
  ids: readonly string[],
  senders: readonly boolean[],
): fc.Arbitrary<Attempt> {
  const calls = Object.entries(document.paths).flatMap(([pattern, operations]) =>
    Object.entries(operations).map(([verb, operation]) => callOf(document, ids, pattern, verb, operation)),
  );
  return fc
    .tuple(fc.oneof(...calls), others, fc.constantFrom(...senders), fc.nat())
    .filter(([{ isStream }, , isHonest]) => !(isStream && isHonest))
    .map(([{ name, operation, request }, headers, isHonest, network]) => ({
      name,
      operation,
      request: { ...request, headers: { ...headers, ...request.headers } },
      isHonest,
      network,
    }));
}

interface Call {
  readonly name: string;
  readonly operation: Operation;
  readonly request: WireRequest;
  /** Its answer does not end. */
  readonly isStream: boolean;
}

function callOf(
  document: OpenApiDocument,
  ids: readonly string[],
  pattern: string,
  verb: string,
  operation: Operation,
): fc.Arbitrary<Call> {
  const schema = operation.requestBody?.content["application/json"]?.schema;
  const fit = schema && fitting(document, schema);
  const body = fit
    ? fc.oneof(
        fit.map((value) => JSON.stringify(value)),
        spoiled(fit),
        wildText,
      )
    : fc.oneof(fc.constant(undefined), wildText);
  return fc
    .record({
      id: fc.oneof(
        fc.constantFrom(...ids),
        nearly(fc.constantFrom(...ids)),
        wildText.filter((text) => text !== ""),
      ),
      query: queryOf(document, operation),
      body,
      type: contentTypes(schema ? "application/json" : undefined),
      token: fc.oneof({ weight: 4, arbitrary: fc.constant("") }, { weight: 1, arbitrary: wildHeader }),
    })
    .map(({ id, query, body: sent, type, token }) => ({
      name: `${verb.toUpperCase()} ${pattern}`,
      operation,
      isStream: operation.responses["200"]?.content["text/event-stream"] !== undefined,
      request: {
        method: verb.toUpperCase(),
        path: pattern.replace("{id}", encoded(id)) + query,
        headers: { "content-type": type, "x-csrf-token": token },
        body: sent,
      },
    }));
}

function queryOf(document: OpenApiDocument, { parameters = [] }: Operation): fc.Arbitrary<string> {
  const inQuery = parameters.filter((each) => each.in === "query");
  const members = inQuery.map(({ name, ...more }) => {
    const { schema = {} } = more as { schema?: object };
    const value = fc.oneof(fitting(document, schema).map(String), wildText, fc.constantFrom(...oddNumbers));
    return fc
      .array(value, { maxLength: 2 })
      .map((values) => values.map((each) => `${name}=${encoded(each)}`));
  });
  const strange = fc.oneof(
    { weight: 5, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: wildText.map((text) => [text.replace(/[#\s]/g, "")]) },
  );
  return fc
    .tuple(strange, ...members)
    .map((parts) => (parts.flat().length === 0 ? "" : `?${parts.flat().join("&")}`));
}

const oddNumbers = ["0", "-1", "1e3", "0x10", "NaN", "1.5", "9".repeat(30), "\u0661", " 5 ", "200", "201"];

/** The pages and the forms on them, and whatever else may be asked for. */
function visits(forms: Forms, senders: readonly boolean[]): fc.Arbitrary<Attempt> {
  const posts = fc.constantFrom(...forms).chain(([path, fields]) => formPosts(path, fields));
  const gets = fc
    .tuple(
      fc.oneof(
        fc.constantFrom(...pages, ...forms.keys()),
        madeOf("/", "admin", "users", "..", "%2e", "%", "//", "a"),
      ),
      fc.array(fc.tuple(fc.constantFrom(...queries), fc.oneof(wildText, fc.constantFrom(...notorious))), {
        maxLength: 3,
      }),
      fc.constantFrom("GET", "GET", "GET", "HEAD", "PUT", "OPTIONS", "DELETE"),
    )
    .map(
      ([path, query, method]): WireRequest => ({
        method,
        path: `/${path.replace(/^\//, "")}${query.length === 0 ? "" : `?${query.map(([name, text]) => `${name}=${encoded(text)}`).join("&")}`}`,
        headers: {},
      }),
    );
  return fc
    .record({
      request: fc.oneof(posts, gets),
      headers: others,
      accept: fc.constantFrom("text/html", "text/html", "*/*", "application/json", ""),
      isHonest: fc.constantFrom(...senders),
      network: fc.nat(),
    })
    .map(({ request, headers, accept, isHonest, network }) => ({
      name: `${request.method} ${request.path}`,
      operation: undefined,
      request: { ...request, headers: { ...headers, accept, ...request.headers } },
      isHonest,
      network,
    }));
}

function formPosts(path: string, fields: Readonly<Record<string, string>>): fc.Arbitrary<WireRequest> {
  const names = fc.oneof(fc.constantFrom(...Object.keys(fields), "__proto__", "csrf_token"), wildText);
  const more = fc.array(fc.tuple(names, wildText), { maxLength: 3 });
  const known = fc.record(
    Object.fromEntries(
      Object.entries(fields).map(([name, value]) => [
        name,
        name === "csrf_token"
          ? fc.constantFrom("csrf-of-the-honest")
          : fc.oneof(fc.constant(value), wildText),
      ]),
    ),
    { noNullPrototype: true },
  );
  const urlencoded = fc
    .tuple(known, more)
    .map(([given, others]) =>
      [...Object.entries(given), ...others].map((pair) => pair.map(encoded).join("=")).join("&"),
    );
  const multipart = fc.tuple(known, more).map(([given, others]) =>
    [...Object.entries(given), ...others]
      .map(([name, value]) => `--x\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`)
      .join("")
      .concat("--x--"),
  );
  const odd = fc.oneof(wildText, madeOf("a=", "&", "%", "=", "+", "[]", "csrf_token"), fc.json());
  return fc
    .oneof(
      { weight: 4, arbitrary: fc.tuple(urlencoded, contentTypes("application/x-www-form-urlencoded")) },
      { weight: 1, arbitrary: fc.tuple(multipart, contentTypes("multipart/form-data; boundary=x")) },
      { weight: 2, arbitrary: fc.tuple(odd, contentTypes("application/x-www-form-urlencoded")) },
    )
    .map(([body, type]) => ({ method: "POST", path, headers: { "content-type": type }, body }));
}

/** Mostly the right one. */
function contentTypes(right: string | undefined): fc.Arbitrary<string | undefined> {
  const wrong = [
    ...["text/plain", "application/json", "application/x-www-form-urlencoded", "multipart/form-data"],
    ...[
      "multipart/form-data; boundary=",
      "APPLICATION/JSON",
      "application/json; charset=utf-7",
      "application/*",
    ],
    ...["application/problem+json", ""],
  ];
  return fc.oneof(
    { weight: 6, arbitrary: fc.constant(right) },
    { weight: 1, arbitrary: fc.constantFrom(...wrong) },
    { weight: 1, arbitrary: wildHeader },
  );
}

/** Headers that any request may have. */
const others: fc.Arbitrary<Record<string, string>> = fc.record(
  {
    cookie: fc.oneof(
      madeOf(
        "__Host-session=",
        "__Host-remember=",
        "__Host-device=",
        "__Host-language=%",
        "; ",
        "abc.",
        "$Version=1",
      ),
      wildHeader,
    ),
    "accept-language": fc.oneof(madeOf("ru", "en", ";q=", ",", "-"), wildHeader),
    "user-agent": wildHeader,
    "x-forwarded-host": wildHeader,
    "x-forwarded-proto": wildHeader,
    authorization: wildHeader.map((text) => `Bearer ${text}`),
    "accept-encoding": wildHeader,
    "if-none-match": wildHeader,
    range: wildHeader,
    "x-request-id": wildHeader,
  },
  { requiredKeys: [], noNullPrototype: true },
);

const pages = [
  ...["/", "/login", "/setup", "/forgot", "/reset", "/end-session", "/welcome", "/devices", "/devices/end"],
  ...[
    "/devices/end-others",
    "/devices/end-all",
    "/history",
    "/account",
    "/docs",
    "/session/deadline",
    "/admin",
  ],
  ...["/admin/users", "/admin/users/new", "/admin/users/x", "/admin/users/x/end", "/admin/audit"],
  ...[
    "/admin/audit/audit.csv",
    "/admin/audit/audit.jsonl",
    "/healthz",
    "/metrics",
    "/openapi.json",
    "/nowhere",
  ],
];

const queries = [
  ...[
    "next",
    "done",
    "lang",
    "code",
    "session",
    "view",
    "before",
    "after",
    "search",
    "event",
    "user",
    "from",
    "to",
  ],
  ...["__proto__", "cursor", "limit"],
];

/** In the query and in forms; halves of pairs have no encoding. */
function encoded(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}

/** What any call may be answered: it leads elsewhere, or its body is more than anybody wants. */
const anywhere: ReadonlySet<number> = new Set([400, 404, 405, 413]);

const clears = /^__Host-[\w-]+=; .*Max-Age=0/;

/** In characters: what is longer is refused, perhaps before it has arrived. */
const largestBody = 8 * 1024;

/** Nothing listens there. Whoever asks says by `X-Forwarded-For` who they are. */
const mailAndProxy = { COATCHECK_SMTP_URL: "smtp://127.0.0.1:9", COATCHECK_TRUST_PROXY: "loopback" };

describe("bytes that are hardly a request", () => {
  const lines = fc.oneof(
    madeOf(
      "GET ",
      "POST ",
      "/",
      "//",
      "/%",
      "*",
      " HTTP/1.1",
      " HTTP/1.0",
      "http://evil.example/",
      "login",
      "\t",
    ),
    nearly(fc.constantFrom("GET /login HTTP/1.1", "POST /api/login HTTP/1.1")),
  );
  const headers = fc.array(
    fc.oneof(
      madeOf(
        "Host",
        ": ",
        "localhost",
        "a b",
        "@",
        ":99999",
        "[::1",
        "Cookie",
        "__Host-session=",
        "Content-Length",
        "1",
      ),
      fc.constantFrom(
        "Host: localhost",
        "Transfer-Encoding: chunked",
        "Content-Length: 5",
        "Expect: 100-continue",
      ),
      fc.constantFrom("Upgrade: websocket", "Host: \u0000", " folded", "Cookie: a=\u00ff", ": empty"),
    ),
    { maxLength: 5 },
  );
  const bodies = fc.oneof(madeOf("0\r\n\r\n", "5\r\nhello\r\n", "\r\n", "GET / HTTP/1.1", "{"), wildText);
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  after(() => server[Symbol.asyncDispose]());

  test(
    "are refused or answered, without a cookie, and the server goes on",
    holds(
      fc.asyncProperty(lines, headers, bodies, async (line, more, body) => {
        const answer = await rawRequest(server.origin, [line, ...more], body).catch(nothingIfCutOff);
        if (answer !== "") assert.match(answer, /^HTTP\/1\.1 [1-4]\d\d /);
        assert.doesNotMatch(answer, /^set-cookie:/im);
      }),
      { runs: 60 },
    ),
  );

  test("leave no error of its own, and nobody else is refused", async () => {
    assert.equal((await server.visitor().get("/login")).status, 200);
    assert.doesNotMatch(server.logs, /"event":"internal-error"/);
  });
});

/** The server may close before everything was sent. */
function nothingIfCutOff(error: unknown): string {
  assert.ok(wasCutOff(error), String(error));
  return "";
}
