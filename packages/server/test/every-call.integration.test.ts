/** Every call that the API document names and every form of the pages, whoever adds it: what is demanded of all. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { SessionStore } from "coatcheck";
import { exampleOf, type OpenApiDocument, type Operation } from "../src/api/openapi.ts";
import { formsOf } from "./support/forms.ts";
import { forwarding } from "./support/forwarding.ts";
import { ada, startTestServer, type TestServer, withAda } from "./support/test-server.ts";
import type { Answer, Visitor } from "./support/visitor.ts";

interface Call {
  readonly method: string;
  readonly path: string;
  readonly name: string;
  readonly needsSession: boolean;
  /** Its answer does not end. */
  readonly isStream: boolean;
  /** The statuses of its answers. */
  readonly statuses: readonly string[];
  readonly body: string | undefined;
}

describe("of every call of the API", () => {
  let server: TestServer;
  let calls: readonly Call[];

  before(async () => {
    server = await startTestServer();
    calls = callsOf((await server.visitor().send("GET", "/openapi.json")).json());
    assert.ok(calls.length > 20);
  });
  after(() => server[Symbol.asyncDispose]());

  // Proves ASVS 7.2.1, RFC 9110 §15.5.2.
  test("all but these demand a session, whatever user the call itself names (kratos#3671, CVE-2025-61928)", async () => {
    assert.deepEqual(
      calls
        .filter(({ needsSession }) => !needsSession)
        .map(({ name }) => name)
        .sort(),
      ["POST /api/login", "POST /api/logout", "POST /api/password/forgot", "POST /api/password/reset"],
    );
    const [{ id } = assert.fail()] = server.sql("SELECT id FROM coatcheck_users");
    for (const call of calls.filter(({ needsSession }) => needsSession)) {
      const named = `${call.path}?userId=${id}&user=${id}&session=${id}`;
      const body = call.body && JSON.stringify({ ...JSON.parse(call.body), userId: id });
      const answer = await send(
        server.visitor(),
        { ...call, path: named, body },
        { "x-user-id": String(id) },
      );
      assert.deepEqual([answer.status, problemOf(answer)], [401, "not-signed-in"], call.name);
      assert.match(answer.headers.get("www-authenticate")!, /^Cookie\b/, call.name);
      assert.deepEqual(answer.headers.getSetCookie(), [], call.name);
    }
  });

  test("all that demand a session say that they may be asked too often", () => {
    const silent = calls.filter(({ needsSession, statuses }) => needsSession && !statuses.includes("429"));
    assert.deepEqual(
      silent.map(({ name }) => name),
      [],
    );
  });

  test("a name of a schema stands for one shape: that of a user in lists is not that of the own account", async () => {
    const visitor = await server.signedIn();
    const { components } = (await visitor.send("GET", "/openapi.json")).json();
    const { users } = (await visitor.send("GET", "/api/admin/users")).json();
    const own = (await visitor.send("GET", "/api/account")).json();
    assert.deepEqual(Object.keys(components.schemas.Account.properties).sort(), Object.keys(users[0]).sort());
    assert.deepEqual(Object.keys(components.schemas.OwnAccount.properties).sort(), Object.keys(own).sort());
  });

  // Proves ASVS 3.5.1, NIST 5.1 requests.
  test("those that change something demand the CSRF token of the session", async () => {
    const visitor = await server.signedIn();
    for (const call of calls.filter(({ method, needsSession }) => needsSession && method !== "GET")) {
      const answer = await send(visitor, call, { "x-csrf-token": "" });
      assert.deepEqual([answer.status, problemOf(answer)], [403, "csrf"], call.name);
    }
    assert.equal(await visitor.isSignedIn(), true);
  });

  // Proves ASVS 7.5.2, ASVS 7.5.3.
  test("administration and ending other sessions demand that the password was typed within ten minutes (CVE-2024-45042)", async () => {
    const visitor = await server.signedIn();
    const headers = { "x-csrf-token": await visitor.csrfToken() };
    server.clock.now += 10 * 60_000;
    const demanding: string[] = [];
    // A stream that is let in does not end; one for administrators must not be.
    const others = calls.filter(
      ({ name, isStream }) => (!isStream || demandsRecent.test(name)) && !proving.includes(name),
    );
    for (const call of others.filter(({ needsSession }) => needsSession)) {
      const answer = await send(visitor, call, headers);
      if (answer.status === 403 && problemOf(answer) === "reauth-required") demanding.push(call.name);
    }
    const names = calls.map(({ name }) => name);
    assert.deepEqual(
      demanding,
      names.filter((name) => demandsRecent.test(name)),
    );
  });
});

describe("of a server whose cache is told of nothing", () => {
  let server: TestServer;
  let calls: readonly Call[];

  before(async () => {
    server = await startTestServer({ wrapStore: tellingNothing });
    calls = callsOf((await server.visitor().send("GET", "/openapi.json")).json());
  });
  after(() => server[Symbol.asyncDispose]());

  /** A visitor whose session has ended, and who is still taken for signed in. */
  async function endedUntold(): Promise<[visitor: Visitor, csrfToken: string]> {
    const visitor = await server.signedIn();
    const token = await visitor.csrfToken();
    server.sql("DELETE FROM coatcheck_sessions");
    assert.equal(await visitor.isSignedIn(), true, "The cache cannot know");
    return [visitor, token];
  }

  test("administration and ending other sessions refuse at once whoever was signed out elsewhere", async () => {
    const strict = calls.filter(({ name }) => demandsRecent.test(name));
    assert.ok(strict.length > 10);
    for (const call of strict) {
      const [visitor, token] = await endedUntold();
      const answer = await send(visitor, call, { "x-csrf-token": token });
      assert.deepEqual([answer.status, problemOf(answer)], [401, "not-signed-in"], call.name);
      assert.equal(await visitor.isSignedIn(), false, "Now it knows");
    }
  });

  test("pages that end other sessions lead to the sign-in page, and end nothing", async () => {
    for (const path of ["/devices/end", "/devices/end-others", "/devices/end-all"]) {
      const [visitor, csrf_token] = await endedUntold();
      const other = await server.signedIn();
      const answer = await visitor.submit(path, { csrf_token, session: await other.sessionId() });
      assert.deepEqual([answer.status, answer.location], [303, "/login"], path);
      assert.equal(await other.isSignedIn(), true);
    }
  });
});

/** It says that it has told everything. */
function tellingNothing(store: SessionStore): SessionStore {
  const watch = () => ({ prove: async () => {}, close: async () => {} });
  return { ...forwarding(store), watch };
}

/** What demands that the password was typed a moment ago. */
const demandsRecent = /^DELETE \/api\/sessions|\/api\/admin\//;

/** Those that are sent the password itself. */
const proving = ["POST /api/reauthenticate", "POST /api/password"];

describe("of every form of the pages", () => {
  // Proves ASVS 3.5.1, WSTG-SESS-05.
  test("all demand the CSRF token of the session, and do nothing without", async () => {
    // Nothing listens there: that mail is sent adds a form.
    await using server = await startTestServer({
      env: { ...withAda, COATCHECK_SMTP_URL: "smtp://127.0.0.1:9" },
    });
    const visitor = await server.signedIn();
    const other = await server.signedIn();
    const forms = await formsOf(visitor, "/devices");
    for (const action of [
      "/account/password",
      "/account/mail",
      "/devices/end",
      "/devices/end-all",
      "/logout",
    ]) {
      assert.ok(forms.has(action), action);
    }
    for (const [action, fields] of forms) {
      for (const csrf_token of ["", "x", await other.csrfToken()]) {
        const answer = await visitor.submit(action, { ...fields, current: ada.password, csrf_token });
        assert.equal(answer.status, 403, action);
        assert.match(answer.text, /could not be accepted/, action);
      }
    }
    assert.deepEqual([await visitor.isSignedIn(), await other.isSignedIn()], [true, true]);
  });
});

function callsOf(document: OpenApiDocument): Call[] {
  return Object.entries(document.paths).flatMap(([pattern, operations]) =>
    Object.entries(operations).map(([verb, operation]) => callOf(document, pattern, verb, operation)),
  );
}

function callOf(document: OpenApiDocument, pattern: string, verb: string, operation: Operation): Call {
  const method = verb.toUpperCase();
  const schema = operation.requestBody?.content["application/json"]?.schema;
  return {
    method,
    path: pattern.replaceAll(/\{\w+\}/g, "x"),
    name: `${method} ${pattern}`,
    needsSession: operation.security !== undefined,
    statuses: Object.keys(operation.responses),
    isStream: operation.responses["200"]?.content["text/event-stream"] !== undefined,
    body: schema && JSON.stringify(exampleOf(document, schema)),
  };
}

function send(
  visitor: Visitor,
  { method, path, body }: Call,
  others: Record<string, string>,
): Promise<Answer> {
  const headers = { ...(body && { "content-type": "application/json" }), ...others };
  return visitor.send(method, path, { headers, ...(body && { body }) });
}

function problemOf(answer: Answer): string {
  return answer.json().type.replace("urn:coatcheck:problem:", "");
}
