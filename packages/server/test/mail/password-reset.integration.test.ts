/** A forgotten password, from the question to the new one, by a real mail (ASVS 6.3.8, 6.4.3). */
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { resetCodeLifetime } from "../../src/accounts/reset-link.ts";
import { MailServer } from "../support/mail-server.ts";
import { ada, startTestServer, type TestServer, withAda } from "../support/test-server.ts";
import { type Answer, Visitor } from "../support/visitor.ts";

const minute = 60_000;
const password = "window upstairs kettle tea";
const bob = { email: "bob@example.com", password: "another kettle downstairs" };

let mails: MailServer;
let server: TestServer;
before(async () => {
  mails = await MailServer.start();
});
after(() => mails.stop());
beforeEach(async () => {
  server = await startTestServer({ env: { ...withAda, COATCHECK_SMTP_URL: mails.url } });
  mails.received.length = 0;
});
afterEach(() => server[Symbol.asyncDispose]());

const ask = (email: string) => server.visitor().call("POST", "/api/password/forgot", { email });
const choose = (code: string, newPassword = password) =>
  server.visitor().call("POST", "/api/password/reset", { code, newPassword });

/** The code of the mail that is sent now. */
async function mailedCode(): Promise<string> {
  await server.running.deliverMail();
  return codeOf(mails.only().link);
}

async function codeFor(email: string): Promise<string> {
  assert.equal((await ask(email)).status, 202);
  return mailedCode();
}

function codeOf(link: string): string {
  const [path, code] = link.slice(server.origin.length).split("#");
  assert.equal(path, "/reset");
  return code!;
}

async function canSignIn(credentials: typeof ada): Promise<boolean> {
  return (await server.visitor().call("POST", "/api/login", { ...credentials })).status === 200;
}

describe("the code of a reset mail", () => {
  test("opens an account that a hundred wrong passwords have closed, and who is refused is told of that way", async () => {
    const wrong = { email: ada.email, password: "not the right password" };
    for (let failures = 0; failures < 100; failures++) {
      assert.equal(await canSignIn(wrong), false);
      server.clock.now += 15 * minute;
    }
    const refused = await server.visitor().call("POST", "/api/login", ada);
    assert.equal(refused.status, 429);
    assert.match(
      refused.json().detail,
      /new password, chosen by mail, lets you in at once, or an administrator/,
    );
    const page = await server.visitor().submit("/login", { ...ada });
    assert.equal(page.status, 429);
    assert.match(page.text, /<a href="\/forgot">Choose a new password<\/a> to sign in at once.*in 30 days/);
    const code = await codeFor(ada.email);
    assert.equal((await choose(code)).status, 200);
    assert.equal(await canSignIn({ ...ada, password }), true);
  });

  // Proves ASVS 7.4.3, ASVS 6.3.7, ASVS 6.4.3.
  test("changes the password, ends all sessions and begins none, and the user is told (GHSA-qq9h-g4jm-xgf3)", async () => {
    const devices = [await server.signedIn(), await server.signedIn()];
    await server.running.deliverMail();
    mails.received.length = 0;
    const visitor = server.visitor();
    const asked = await visitor.submit("/forgot", { email: " ADA@Example.COM " });
    assert.equal(asked.location, "/forgot?done=reset-asked");
    assert.match((await visitor.get(asked.location!)).text, /If there is an account with this address/);
    await server.running.deliverMail();
    const mail = mails.only();
    assert.deepEqual(mail.recipients, [ada.email], "to the address that is kept");
    assert.equal(mail.headers.get("subject"), "Choose a new password");
    assert.match(mail.text, /within 15 minutes/);
    const answer = await visitor.submit("/reset", { code: codeOf(mail.link), password });
    assert.equal(answer.location, "/login?done=password-reset");
    assert.equal(visitor.cookie, undefined);
    for (const device of devices) {
      assert.equal((await device.send("GET", "/api/session")).json().reason, "credentials-changed");
    }
    assert.equal(await canSignIn(ada), false);
    assert.equal(await canSignIn({ ...ada, password }), true);
    await server.running.deliverMail();
    const told = mails.received.find(
      ({ headers }) => headers.get("subject") === "Your password was changed",
    )!;
    assert.match(told.text, /was reset, and all devices were signed out/);
    assert.match(told.text, /Sign out everywhere:\n/);
  });

  test("opens an account that a hundred wrong passwords had closed (NIST 3.2.2)", async () => {
    const code = await codeFor(ada.email);
    assert.equal(await canSignIn({ ...ada, password: "wrong" }), false);
    server.sql("UPDATE coatcheck_attempts SET failures = 100 WHERE key LIKE 'account:%'");
    server.clock.now += 14 * minute;
    assert.equal(await canSignIn(ada), false);
    assert.equal((await choose(code)).status, 200);
    assert.equal(await canSignIn({ ...ada, password }), true);
  });

  test("forgets remembered browsers", async () => {
    const remembered = server.visitor();
    await remembered.call("POST", "/api/login", { ...ada, remember: true });
    await server.running.deliverMail();
    mails.received.length = 0;
    assert.equal((await choose(await codeFor(ada.email))).status, 200);
    server.clock.now += 13 * 60 * minute;
    assert.equal(await remembered.isSignedIn(), false);
  });

  // Proves ASVS 6.4.3.
  test("is used once, by one of twenty at the same time", async () => {
    const code = await codeFor(ada.email);
    const passwords = Array.from({ length: 20 }, (_, index) => `${password} ${index}`);
    const answers = await Promise.all(passwords.map((each) => choose(code, each)));
    const won = answers.flatMap(({ status }, index) => (status === 200 ? [index] : []));
    assert.equal(won.length, 1);
    assert.equal(await canSignIn({ ...ada, password: passwords[won[0]!]! }), true);
    assert.equal((await choose(code)).status, 422);
  });

  // Proves ASVS 6.4.3.
  test("is good for fifteen minutes from when it is sent", async () => {
    const code = await codeFor(ada.email);
    server.clock.now += resetCodeLifetime - 1;
    assert.equal((await choose(code, "short")).json().errors[0].field, "newPassword");
    server.clock.now += 1;
    const late = await choose(code);
    assert.equal(late.status, 422);
    assert.deepEqual(late.json().errors[0].field, "code");
    assert.equal(await canSignIn(ada), true);
  });

  test("is void when a newer one is sent", async () => {
    const older = await codeFor(ada.email);
    server.clock.now += 1;
    const newer = await codeFor(ada.email);
    assert.equal((await choose(older)).status, 422);
    assert.equal((await choose(newer)).status, 200);
  });

  test("is void when the password was changed meanwhile", async () => {
    const code = await codeFor(ada.email);
    const visitor = await server.signedIn();
    const change = { currentPassword: ada.password, newPassword: "tea upstairs window kettle" };
    assert.equal((await visitor.call("POST", "/api/password", change)).status, 200);
    assert.equal((await choose(code)).status, 422);
    assert.equal(await visitor.isSignedIn(), true);
  });

  test("survives a password that is not accepted", async () => {
    const code = await codeFor(ada.email);
    for (const weak of ["short", "ada@example.com123"]) {
      const answer = await server.visitor().submit("/reset", { code, password: weak });
      assert.equal(answer.status, 422);
      assert.ok(answer.text.includes(`value="${code}"`));
      assert.doesNotMatch(answer.text, new RegExp(`value="${weak}"`));
    }
    assert.equal((await choose(code)).status, 200);
  });

  test("is taken with the spaces that copying adds, and a guess is not", async () => {
    const code = await codeFor(ada.email);
    for (const guess of ["", "x", code.slice(1), "x".repeat(43), `${code}x`]) {
      const answer = await server.visitor().submit("/reset", { code: guess, password });
      assert.equal(answer.status, 422);
      assert.match(answer.text, /wrong, used or expired/);
    }
    assert.equal((await choose(` ${code.slice(0, 20)}\n ${code.slice(20)} `)).status, 200);
  });

  // Proves ASVS 16.2.5.
  test("is at rest as a hash only, and in no log", async () => {
    const code = await codeFor(ada.email);
    const tables = server.sql("SELECT name FROM sqlite_master WHERE type = 'table'");
    const dump = JSON.stringify(tables.map(({ name }) => server.sql(`SELECT * FROM "${name}"`)));
    await server.visitor().get("/reset");
    await choose(code);
    for (const place of [dump, server.logs]) assert.ok(!place.includes(code));
  });

  // Proves ASVS 9.2.2, WSTG-SESS-08.
  test("of one purpose is good for no other", async () => {
    const code = await codeFor(ada.email);
    assert.equal((await server.visitor().submit("/end-session", { code })).status, 410);
    await server.visitor("curl/8").signIn(ada);
    await server.running.deliverMail();
    const other = new URL(mails.only().link).searchParams.get("code")!;
    assert.equal((await choose(other)).status, 422);
    assert.equal((await choose(code)).status, 200);
  });
});

describe("asking for a reset mail", () => {
  /** What anybody could tell two answers apart by: all but what names the request. */
  function shown({ status, headers, text }: Answer): unknown {
    const named = new Set(["x-request-id", "date", "content-security-policy"]);
    const rest = [...headers].filter(([name]) => !named.has(name));
    return { status, rest, text: text.replace(/nonce="[^"]*"/g, "") };
  }

  // Proves ASVS 6.3.8.
  test("is answered with the same bytes for a known, an unknown and a disabled address", async () => {
    await server.addUser(bob);
    server.sql("UPDATE coatcheck_users SET disabled = 1 WHERE email = ?", bob.email);
    const addresses = [ada.email, "nobody@example.com", bob.email];
    const apis = [];
    const pages = [];
    for (const email of addresses) {
      apis.push(shown(await ask(email)));
      pages.push(shown(await server.visitor().submit("/forgot", { email })));
    }
    for (const answers of [apis, pages]) {
      assert.deepEqual(answers[1], answers[0]);
      assert.deepEqual(answers[2], answers[0]);
    }
    await server.running.deliverMail();
    assert.deepEqual(
      mails.received.flatMap(({ recipients }) => recipients),
      [ada.email, ada.email],
    );
    assert.deepEqual(server.sql("SELECT * FROM coatcheck_outbox"), []);
  });

  // Proves ASVS 6.3.8.
  test("does the same work for every address: nobody is looked up before the answer", async () => {
    await server.running.deliverMail();
    server.sql("ALTER TABLE coatcheck_users RENAME TO hidden_users");
    assert.equal((await ask(ada.email)).status, 202);
    assert.equal((await ask("nobody@example.com")).status, 202);
    assert.equal(server.sql("SELECT * FROM coatcheck_outbox").length, 2);
    server.sql("ALTER TABLE hidden_users RENAME TO coatcheck_users");
  });

  test("again and again is refused for a while, whether or not anybody has the address", async () => {
    for (const email of [ada.email, "nobody@example.com"]) {
      const spellings = [email, email.toUpperCase(), ` ${email}`, email];
      const answers = [];
      for (const spelling of spellings) answers.push(await ask(spelling));
      assert.deepEqual(
        answers.map(({ status }) => status),
        [202, 202, 202, 429],
      );
      assert.equal(answers[3]!.headers.get("retry-after"), "300");
      const page = await server.visitor().submit("/forgot", { email });
      assert.equal(page.status, 429);
      assert.match(page.text, /asked for too often/);
    }
    server.clock.now += 5 * minute;
    assert.equal((await ask(ada.email)).status, 202);
  });

  test("for many addresses from one network is refused for a while", async () => {
    const statuses = [];
    for (let index = 0; index < 22; index++) statuses.push((await ask(`user${index}@example.com`)).status);
    assert.deepEqual(statuses, [...Array.from({ length: 20 }, () => 202), 429, 429]);
  });

  test("with what is no address names the field", async () => {
    for (const email of ["", "ada", "ada@example.com\r\nBcc: eve@example.com", "a".repeat(300)]) {
      const answer = await server.visitor().submit("/forgot", { email });
      assert.equal(answer.status, 422);
      assert.match(answer.text, /aria-describedby="email-error"/);
    }
    assert.deepEqual(server.sql("SELECT * FROM coatcheck_outbox"), []);
  });

  test("leads to the configured origin, whatever Host the request names (CVE-2025-71401)", async () => {
    const env = {
      ...withAda,
      COATCHECK_SMTP_URL: mails.url,
      COATCHECK_ORIGIN: "https://sign-in.example.com",
    };
    await using elsewhere = await startTestServer({ env });
    const visitor = new Visitor(`http://127.0.0.1:${elsewhere.running.port}`);
    const answer = await visitor.send("POST", "/api/password/forgot", {
      headers: {
        "content-type": "application/json",
        origin: "https://sign-in.example.com",
        "x-forwarded-host": "evil.example",
        "x-forwarded-proto": "https",
      },
      body: JSON.stringify({ email: ada.email }),
    });
    assert.equal(answer.status, 202, answer.text);
    await elsewhere.running.deliverMail();
    const mail = mails.only();
    assert.match(mail.link, /^https:\/\/sign-in\.example\.com\/reset#/);
    assert.doesNotMatch(mail.raw, /evil|127\.0\.0\.1:\d/);
  });

  test("by another site does nothing", async () => {
    const answer = await server.visitor().send("POST", "/forgot", {
      headers: { "content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "cross-site" },
      body: `email=${ada.email}`,
    });
    assert.equal(answer.status, 403);
    assert.deepEqual(server.sql("SELECT * FROM coatcheck_outbox"), []);
  });

  test("is offered where people sign in", async () => {
    assert.match((await server.visitor().get("/login")).text, /<a href="\/forgot">/);
    assert.match((await server.visitor().get("/forgot")).text, /<form[^>]*action="\/forgot">/);
  });

  test("where no mail is sent is answered the same to everybody, with what to do", async () => {
    await using silent = await startTestServer();
    const pages = [
      await silent.visitor().get("/forgot"),
      await silent.visitor().submit("/forgot", { email: ada.email }),
      await silent.visitor().submit("/forgot", { email: "nobody@example.com" }),
    ];
    assert.equal(new Set(pages.map(({ text }) => text.replace(/nonce="[^"]*"/g, ""))).size, 1);
    assert.match(pages[0]!.text, /not set up to send mail.*Ask its administrator/s);
    const answer = await silent.visitor().call("POST", "/api/password/forgot", { email: ada.email });
    assert.equal(answer.status, 501);
    assert.equal(answer.json().type, "urn:coatcheck:problem:no-mail");
  });
});
