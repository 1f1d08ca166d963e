/** What one part of the server hands out, or remembers of a visitor, is worth nothing in another (WSTG-SESS-08). */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import fc from "fast-check";
import { MailServer } from "./support/mail-server.ts";
import { ada, startTestServer, type TestServer, withAda } from "./support/test-server.ts";
import type { Answer, Visitor } from "./support/visitor.ts";

describe("a puzzle of what the server hands out", () => {
  let mails: MailServer;
  let server: TestServer;
  before(async () => {
    mails = await MailServer.start();
    server = await startTestServer({ env: { ...withAda, COATCHECK_SMTP_URL: mails.url } });
  });
  after(async () => {
    await server[Symbol.asyncDispose]();
    await mails.stop();
  });

  const countSessions = () =>
    Number(server.sql("SELECT count(*) AS count FROM coatcheck_sessions")[0]!.count);

  /** The text behind the question mark or the hash of the one mail that is sent now. */
  async function mailedCode(): Promise<string> {
    mails.received.length = 0;
    await server.running.deliverMail();
    return /[#=]([\w-]+)$/.exec(mails.only().link)![1]!;
  }

  // Proves ASVS 9.2.2, CVE-2023-48309, WSTG-SESS-08.
  test("no cookie, code or token opens what it was not made for", async () => {
    const owner = server.visitor();
    owner.keepsDevice = true;
    await owner.signIn(ada, true);
    const linkCode = await mailedCode();
    assert.equal((await owner.call("POST", "/api/password/forgot", { email: ada.email })).status, 202);
    const handedOut: Record<string, string> = {
      session: owner.cookie!,
      remember: owner.remember!,
      device: owner.device!,
      "the ticket under the seal": server.ticketOf(owner).join("."),
      "the public id": await owner.sessionId(),
      "the CSRF token": await owner.csrfToken(),
      "the code of a link": linkCode,
      "the code of a reset": await mailedCode(),
    };
    assert.equal(new Set(Object.values(handedOut)).size, 8);
    const before = countSessions();
    for (const [what, value] of Object.entries(handedOut)) {
      for (const slot of ["session", "remember", "device"].filter((slot) => slot !== what)) {
        const headers = { cookie: `__Host-${slot}=${value}` };
        const answer = await server.visitor().send("GET", "/api/session", { headers });
        assert.deepEqual([answer.status, answer.headers.getSetCookie()], [401, []], `${what} as ${slot}`);
      }
      for (const [path, field] of [
        ["/setup", "code"],
        ["/reset", "code"],
        ["/end-session", "code"],
      ] as const) {
        if (what === "the code of a reset" || what === "the code of a link") continue;
        const fields = { [field]: value, email: ada.email, password: "another kettle downstairs" };
        const answer = await server.visitor().submit(path, fields);
        assert.ok(answer.status >= 400 || answer.location?.startsWith("/login"), `${what} at ${path}`);
        assert.deepEqual(answer.headers.getSetCookie(), [], `${what} at ${path}`);
      }
    }
    assert.equal(countSessions(), before);
    assert.equal(await owner.isSignedIn(), true);
  });

  // Proves ASVS 7.6.2, WSTG-SESS-03, WSTG-SESS-08.
  test("no walk through what visitors may do makes anybody of them, in whatever order", async () => {
    const steps: readonly ((visitor: Visitor) => Promise<Answer>)[] = [
      (visitor) => visitor.get("/?language=ru"),
      (visitor) => visitor.submit("/setup", { code: "x".repeat(43), ...ada }),
      (visitor) => visitor.submit("/forgot", { email: ada.email }),
      (visitor) => visitor.submit("/reset", { code: "x".repeat(43), password: ada.password }),
      (visitor) => visitor.submit("/login", { email: ada.email, password: "", next: "/admin/users" }),
      (visitor) => visitor.submit("/login", { email: "", password: ada.password, remember: "on" }),
      (visitor) => visitor.get(`/end-session?code=${"x".repeat(43)}`),
      (visitor) => visitor.submit("/logout", {}),
      (visitor) => visitor.submit("/confirm", { password: ada.password, email: ada.email }),
      (visitor) => visitor.call("POST", "/api/reauthenticate", { password: ada.password }),
    ];
    const before = countSessions();
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray([...steps.keys()], { minLength: steps.length }), async (order) => {
        const visitor = server.visitor();
        visitor.keepsDevice = true;
        for (const step of order) await steps[step]!(visitor);
        assert.equal(await visitor.isSignedIn(), false);
        assert.match((await visitor.get("/devices")).location ?? "", /^\/login/);
        assert.deepEqual(
          [visitor.cookie, visitor.remember, visitor.device],
          [undefined, undefined, undefined],
        );
      }),
      { numRuns: 6, seed: 8 },
    );
    assert.equal(countSessions(), before);
  });
});
