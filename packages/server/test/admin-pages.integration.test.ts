/** The pages of administrators: who may see them, and what they do. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { ada, startTestServer, type TestServer } from "./support/test-server.ts";
import type { Visitor } from "./support/visitor.ts";

const minute = 60_000;
const password = "lemon hedgehog violin snail";

describe("the pages of administrators", () => {
  let server: TestServer;
  let admin: Visitor;
  let number = 0;

  before(async () => {
    server = await startTestServer();
    admin = await server.signedIn();
  });
  after(() => server[Symbol.asyncDispose]());

  interface Somebody {
    readonly email: string;
    readonly path: string;
    readonly signIn: (userAgent?: string) => Promise<Visitor>;
  }

  async function somebody(email = `user${++number}@example.com`): Promise<Somebody> {
    await server.addUser({ email, password });
    const signIn = async (userAgent?: string): Promise<Visitor> => {
      const visitor = server.visitor(userAgent);
      await visitor.signIn({ email, password });
      return visitor;
    };
    return { email, path: `/admin/users/${encodeURIComponent(`id of ${email}`)}`, signIn };
  }

  const pages = [
    "/admin/audit",
    "/admin/audit/audit.csv",
    "/admin",
    "/admin/users",
    "/admin/users/new",
    "/admin/users/x",
    "/admin/users/x/disable",
    "/admin/sessions",
    "/admin/sessions/end",
  ];

  // Proves ASVS 16.3.2.
  test("are for administrators only, and whoever asks all the same is recorded", async () => {
    const eve = await (await somebody()).signIn();
    for (const path of pages) {
      assert.equal((await server.visitor().get(path)).location, `/login?next=${encodeURIComponent(path)}`);
      assert.equal((await eve.get(path)).status, 403, path);
      assert.equal((await eve.submit(path, {}, "/devices")).status, 403, path);
    }
    assert.doesNotMatch((await eve.get("/devices")).text, /href="\/admin/);
    assert.match((await admin.get("/devices")).text, /href="\/admin"/);
    await server.running.flushAudit();
    const [{ count } = assert.fail()] = server.sql(
      "SELECT count(*) AS count FROM coatcheck_audit WHERE event = 'access-denied'",
    );
    assert.equal(count, 2 * pages.length);
  });

  test("ask for the password before they show anything, once it was typed long ago (CVE-2024-45042)", async () => {
    const { email, path } = await somebody();
    const visitor = await server.signedIn();
    server.clock.now += 10 * minute;
    for (const page of [...pages, path]) {
      const asked = await visitor.get(page);
      assert.equal(asked.status, 403, page);
      assert.match(asked.text, /name="current_password"/, page);
      assert.ok(!asked.text.includes(email));
    }
    const asked = await visitor.get("/admin/users?search=user");
    assert.match(asked.text, /action="\/confirm"[\s\S]*name="next" value="\/admin\/users\?search=user"/);
    const next = "/admin/users?search=user";
    const wrong = await visitor.submit("/confirm", { next, current_password: "no" }, "/devices");
    assert.equal(wrong.status, 403);
    assert.match(wrong.text, /This is not your password/);
    const form = { next, current_password: ada.password };
    const right = await visitor.submit("/confirm", form, "/devices");
    assert.deepEqual([right.status, right.location], [303, next]);
    assert.equal((await visitor.get(next)).status, 200);
    const away = await visitor.submit("/confirm", { ...form, next: "//evil.example" }, "/devices");
    assert.equal(away.location, "/");
    admin = await server.signedIn();
  });

  test("do nothing without the CSRF token of the session", async () => {
    const { path, signIn } = await somebody();
    const visitor = await signIn();
    for (const deed of ["disable", "promote", "end-sessions", "setup-link", "end"]) {
      assert.equal((await admin.submit(`${path}/${deed}`, { csrf_token: "x" })).status, 403, deed);
    }
    assert.equal((await admin.submit("/admin/users/new", { email: "new@example.com" })).status, 403);
    assert.equal(await visitor.isSignedIn(), true);
  });

  test("say in Russian what they say in English", async () => {
    const { path } = await somebody();
    for (const page of ["/admin/users", "/admin/users/new", path, `${path}/disable`, `${path}/setup-link`]) {
      const { text } = await admin.send("GET", page, { headers: { "accept-language": "ru" } });
      assert.match(text, /<html lang="ru">/);
      assert.match(text.slice(text.indexOf("<h1")), /[а-яё]{5}/, page);
    }
  });

  describe("of the audit", () => {
    test("show what happened to whom, by event, user and day", async () => {
      const { email, path, signIn } = await somebody();
      const visitor = await signIn();
      await admin.submit(`${path}/disable`, {}, path);
      await server.running.flushAudit();
      const shown = await admin.get(`/admin/audit?user=${encodeURIComponent(email)}`);
      assert.match(shown.text, /<code>user-disabled<\/code>/);
      assert.match(shown.text, /<code>created<\/code>/);
      assert.ok(shown.text.includes(`href="${path}">${email}</a>`));
      const only = await admin.get(`/admin/audit?event=user-disabled&user=${email}`);
      assert.match(only.text, /<code>user-disabled<\/code>/);
      assert.doesNotMatch(only.text, /<code>created<\/code>/);
      const today = new Date(server.clock.now).toISOString().slice(0, 10);
      const yesterday = new Date(server.clock.now - 24 * 60 * minute).toISOString().slice(0, 10);
      const during = await admin.get(`/admin/audit?user=${email}&from=${today}&to=${today}`);
      assert.match(during.text, /<code>created<\/code>/);
      const before = await admin.get(`/admin/audit?user=${email}&to=${yesterday}`);
      assert.match(before.text, /Nothing like this happened/);
      const odd = await admin.get("/admin/audit?from=guessed&to=9999-99-99&before=x&event=%22%3E");
      assert.equal(odd.status, 200);
      assert.match(odd.text, /What was typed is no day/);
      assert.equal(odd.text.match(/type="date" value=""/g)?.length, 2);
      assert.match(odd.text, /audit\.csv\?event=%22%3E"/, "Nor is it in the links");
      assert.doesNotMatch(during.text, /What was typed is no day/);
      assert.equal(await visitor.isSignedIn(), false);
    });

    test("page by page, without a gap and without a repetition", async () => {
      const { email } = await somebody();
      await happen(60, `id of ${email}`);
      const times: string[] = [];
      let next: string | undefined = `/admin/audit?event=renewed&user=${email}`;
      for (let pages = 0; next !== undefined && pages < 5; pages++) {
        const { text }: { text: string } = await admin.get(next);
        const rows: string = text.split("<tbody>")[1]!.split("</tbody>")[0]!;
        times.push(...Array.from(rows.matchAll(/<tr /g), () => next!));
        next = /href="(\/admin\/audit\?[^"]*before=[^"]*)">Older/.exec(text)?.[1]?.replaceAll("&amp;", "&");
      }
      assert.deepEqual([times.length, new Set(times).size], [60, 2]);
    });

    test("are exported whole, as CSV that no spreadsheet runs and as JSON Lines (OWASP: CSV injection)", async () => {
      const { email, signIn } = await somebody();
      const userAgent = `=HYPERLINK("http://evil.example","x"), then`;
      await happen(250, `id of ${email}`);
      await signIn(userAgent);
      await server.running.flushAudit();
      const csv = await admin.get(`/admin/audit/audit.csv?user=${email}`);
      assert.equal(csv.headers.get("content-type"), "text/csv; charset=utf-8");
      assert.equal(csv.headers.get("content-disposition"), 'attachment; filename="audit.csv"');
      assert.equal(csv.headers.get("cache-control"), "no-store");
      const [head, first, ...lines] = csv.text.trimEnd().split("\r\n");
      assert.equal(head, "at,event,reason,userId,sessionId,ip,device,userAgent,correlationId,id,details");
      assert.ok(first!.includes(`,"'=HYPERLINK(""http://evil.example"",""x""), then",`));
      const jsonl = await admin.get(`/admin/audit/audit.jsonl?user=${email}`);
      const records = jsonl.text.trimEnd().split("\n");
      assert.equal(records.length, lines.length + 1);
      assert.ok(records.length > 250);
      assert.equal(JSON.parse(records[0]!).userAgent, userAgent);
    });

    async function happen(times: number, userId: string): Promise<void> {
      server.sql(
        `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${times})
         INSERT INTO coatcheck_audit (at, id, event, user_id) SELECT i + CAST(? AS INTEGER), hex(randomblob(16)), 'renewed', ? FROM n`,
        String(server.clock.now - minute),
        userId,
      );
    }

    test("say whether somebody changed it", async () => {
      await server.running.flushAudit();
      assert.match(
        (await admin.submit("/admin/audit/check", {}, "/admin/audit")).text,
        /The audit is intact/,
      );
      assert.equal((await admin.submit("/admin/audit/check", {})).status, 403);
      server.sql("DROP TRIGGER coatcheck_audit_not_changed");
      server.sql("UPDATE coatcheck_audit SET event = 'other' WHERE position = 1");
      const broken = await admin.submit("/admin/audit/check", {}, "/admin/audit");
      assert.match(broken.text, /The audit is not intact: 1 break found/);
      assert.doesNotMatch(broken.text, /The audit is intact/);
    });
  });

  describe("of users", () => {
    test("find them by a part of the address, however it is typed, and page by page", async () => {
      for (let i = 0; i < 52; i++) await fill(`many${String(i).padStart(2, "0")}@paged.example`);
      const first = await admin.get("/admin/users?search=@PAGED.example");
      assert.match(first.text, /many49@/);
      assert.doesNotMatch(first.text, /many50@|ada@example\.com<\/a>/);
      const [, more] = /href="(\/admin\/users\?search=[^"]+after=[^"]+)"/.exec(first.text) ?? assert.fail();
      const second = await admin.get(more!.replaceAll("&amp;", "&"));
      assert.match(second.text, /many51@/);
      assert.doesNotMatch(second.text, /many49@|>More</);
      const none = await admin.get("/admin/users?search=%25");
      assert.match(none.text, /Nobody has such an address/);
    });

    test("show hostile texts as text", async () => {
      const evil = `"><script>alert(1)</script>@example.com`;
      const { path, signIn } = await somebody(evil);
      await signIn(`<img src=x onerror=alert(1)> Firefox/140.0`);
      for (const page of ["/admin/users?search=%22%3E%3Cscript", path, `${path}/disable`]) {
        const { status, text } = await admin.get(page);
        assert.equal(status, 200, page);
        assert.match(text, /&lt;script&gt;alert/, page);
        assert.doesNotMatch(text, /<script>|<img/, page);
      }
    });

    test("add one, who chooses a password by a link that is shown once", async () => {
      const email = "grace@example.com";
      const made = await admin.submit(
        "/admin/users/new",
        { email, administrator: "yes" },
        "/admin/users/new",
      );
      assert.equal(made.status, 200);
      assert.equal(made.headers.get("cache-control"), "no-store");
      const [, code] = /value="[^"]*\/reset#([^"]+)"/.exec(made.text) ?? assert.fail();
      const form = { code: code!, password };
      assert.equal((await server.visitor().submit("/reset", form)).status, 303);
      const grace = server.visitor();
      await grace.signIn({ email, password });
      assert.equal((await grace.get("/admin/users")).status, 200);
      const again = await admin.submit("/admin/users/new", { email }, "/admin/users/new");
      assert.equal(again.status, 422);
      assert.match(again.text, /Somebody has this address already/);
      const bad = await admin.submit("/admin/users/new", { email: "grace" }, "/admin/users/new");
      assert.match(bad.text, /value="grace"[\s\S]*aria-invalid|aria-invalid[\s\S]*value="grace"/);
    });

    // Proves ASVS 7.4.2.
    test("disable one, whose sessions end at once, and enable them again", async () => {
      const { email, path, signIn } = await somebody();
      const visitor = await signIn();
      assert.match((await admin.get(`${path}/disable`)).text, new RegExp(email));
      const done = await admin.submit(`${path}/disable`, {}, path);
      assert.equal(done.location, `${path}?done=user-disabled`);
      assert.equal(await visitor.isSignedIn(), false);
      const shown = await admin.get(done.location!);
      assert.match(shown.text, /This user is disabled, and all their sessions have ended/);
      assert.doesNotMatch(shown.text, /setup-link/);
      assert.equal((await admin.submit(`${path}/setup-link`, {}, path)).status, 409);
      await admin.submit(`${path}/enable`, {}, path);
      assert.equal(await (await signIn()).isSignedIn(), true);
    });

    // Proves ASVS 8.3.2.
    test("give and take the rights of an administrator, which ends the sessions of who had others", async () => {
      const { path, signIn } = await somebody();
      const before = await signIn();
      await admin.submit(`${path}/promote`, {}, path);
      assert.equal(await before.isSignedIn(), false);
      const during = await signIn();
      assert.equal((await during.get("/admin/users")).status, 200);
      await admin.submit(`${path}/demote`, {}, path);
      assert.equal((await during.get("/admin/users")).status, 303);
      assert.equal((await (await signIn()).get("/admin/users")).status, 403);
    });

    test("let nobody change their own rights", async () => {
      const [{ id } = assert.fail()] = server.sql(
        "SELECT id FROM coatcheck_users WHERE email = ?",
        ada.email,
      );
      const own = `/admin/users/${id}`;
      assert.doesNotMatch((await admin.get(own)).text, /\/demote|\/disable/);
      assert.equal((await admin.get(`${own}/disable`)).status, 409);
      assert.equal((await admin.submit(`${own}/disable`, {}, own)).status, 409);
      assert.equal((await admin.get(own)).status, 200);
    });

    // Proves ASVS 7.4.5.
    test("end one session of theirs, or all", async () => {
      const { path, signIn } = await somebody();
      const [one, two, three] = [await signIn(), await signIn(), await signIn()];
      const session = await one.sessionId();
      const asked = await admin.get(`${path}/end?session=${session}`);
      assert.match(asked.text, new RegExp(`name="session" value="${session}"`));
      assert.equal(await one.isSignedIn(), true, "Asking ends nothing");
      const ended = await admin.submit(`${path}/end`, { session }, path);
      assert.equal(ended.location, `${path}?done=session-ended`);
      assert.deepEqual([await one.isSignedIn(), await two.isSignedIn()], [false, true]);
      const gone = await admin.submit(`${path}/end`, { session }, path);
      assert.equal(gone.location, `${path}?done=session-gone`);
      await admin.submit(`${path}/end-sessions`, {}, path);
      assert.deepEqual([await two.isSignedIn(), await three.isSignedIn()], [false, false]);
      assert.match((await admin.get(path)).text, /Not signed in anywhere/);
    });

    // Proves ASVS 8.2.2.
    test("end a session under the name of another user for nobody", async () => {
      const eve = await somebody();
      const { path } = await somebody();
      const visitor = await eve.signIn();
      const answer = await admin.submit(`${path}/end`, { session: await visitor.sessionId() }, path);
      assert.equal(answer.location, `${path}?done=session-gone`);
      assert.equal(await visitor.isSignedIn(), true);
    });

    async function fill(email: string): Promise<void> {
      const values = [`id of ${email}`, email, email, "none", '["user"]'];
      server.sql("INSERT INTO coatcheck_users VALUES (?, ?, ?, ?, 1, 0, ?, 0, 0)", ...values);
    }
  });
});
