/** What users are told by mail, as it arrives on a real mail server (ASVS 6.3.5, 6.3.7; PostHog PR #35717). */
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { endLinkLifetime } from "../../src/mail/end-link.ts";
import { newDevicesADay } from "../../src/mail/notifications.ts";
import { MailServer } from "../support/mail-server.ts";
import { ada, startTestServer, type TestServer, withAda } from "../support/test-server.ts";
import { Visitor } from "../support/visitor.ts";

const day = 24 * 3_600_000;
const phone =
  "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1";
const changed = "window upstairs kettle tea";

let mails: MailServer;
let server: TestServer;
before(async () => {
  mails = await MailServer.start();
});
after(() => mails.stop());

async function startWithMail(env: Record<string, string> = {}): Promise<TestServer> {
  return startTestServer({ env: { ...withAda, COATCHECK_SMTP_URL: mails.url, ...env } });
}

beforeEach(async () => {
  server = await startWithMail();
  mails.received.length = 0;
});
afterEach(() => server[Symbol.asyncDispose]());

/** The path and query of a link, as a browser asks for it. */
function pathOf(link: string): string {
  assert.ok(link.startsWith(`${server.origin}/`), link);
  return link.slice(server.origin.length);
}

function codeOf(link: string): string {
  return new URL(link).searchParams.get("code")!;
}

async function signIn(userAgent?: string, headers: Record<string, string> = {}): Promise<Visitor> {
  const visitor = server.visitor(userAgent);
  const answer = await visitor.send("POST", "/api/login", {
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(ada),
  });
  assert.equal(answer.status, 200);
  return visitor;
}

describe("a sign-in on a new device", () => {
  // Proves ASVS 6.3.5.
  test("is told with time and zone, address and device, as text and as HTML", async () => {
    await signIn(phone);
    await server.running.deliverMail();
    const mail = mails.only();
    assert.deepEqual(mail.recipients, [ada.email]);
    assert.equal(mail.headers.get("to"), ada.email);
    assert.equal(mail.headers.get("from"), "Coatcheck <no-reply@localhost>");
    assert.equal(mail.headers.get("subject"), "New device signed in to your account");
    assert.match(mail.headers.get("message-id")!, /^<[\w-]{22}@localhost>$/);
    assert.equal(mail.headers.get("auto-submitted"), "auto-generated");
    const time = new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeStyle: "long", timeZone: "UTC" });
    assert.match(time.format(server.clock.now), /^\d+ \w+ 20\d\d at [\d:]+ UTC$/);
    const facts = [
      `Account: ${ada.email}, ${new URL(server.origin).host}`,
      `Time: ${time.format(server.clock.now)}`,
      "From address: 127.0.0.1",
      "Device: Safari on iOS",
    ];
    assert.ok(mail.text.includes(facts.join("\n")), mail.text);
    for (const fact of facts) {
      const [name, value] = fact.split(/: (.*)/);
      assert.match(mail.html, new RegExp(`>${name}</td>\\s*<td>${value}</td>`), fact);
    }
    assert.ok(mail.html.includes(`href="${mail.link}"`));
    assert.doesNotMatch(mail.html, /<script|<img|<link|src=|url\(/);
  });

  test("is told in the language of the first sign-in, which a thief's does not change", async () => {
    await signIn(phone, { "accept-language": "ru-RU,ru;q=0.9,en;q=0.8" });
    await server.running.deliverMail();
    const mail = mails.only();
    assert.equal(mail.headers.get("subject"), "Вход в учётную запись с нового устройства");
    assert.match(mail.text, /В вашу учётную запись вошли с устройства, которого мы раньше не видели\./);
    assert.match(
      mail.text,
      /Время: \d+ [а-я]+ 20\d\d г\. в [\d:]+ UTC\nС адреса: 127\.0\.0\.1\nУстройство: Safari on iOS/,
    );
    assert.match(mail.html, /<html lang="ru">/);
    await signIn("curl/8.5.0", { "accept-language": "en" });
    await server.running.deliverMail();
    assert.match(mails.only().headers.get("subject")!, /нового устройства/);
  });

  test("is told once for each device, whatever version its browser has", async () => {
    await signIn(phone);
    await signIn(phone.replace("17_5", "18_1").replace("17.5", "18.1"));
    await Promise.all([signIn("curl/8.5.0"), signIn("curl/8.5.1"), signIn("curl/9")]);
    await server.running.deliverMail();
    const devices = mails.received.map(({ text }) => /Device: (.*)/.exec(text)![1]);
    assert.deepEqual(devices.toSorted(), ["Safari on iOS", "curl"]);
  });

  test("is told of the same kind of browser in another network, unless it has signed in before", async () => {
    await using behind = await startWithMail({ COATCHECK_TRUST_PROXY: "loopback" });
    const from = async (visitor: Visitor, ip: string) => {
      const answer = await visitor.send("POST", "/api/login", {
        headers: { "content-type": "application/json", "x-forwarded-for": ip },
        body: JSON.stringify(ada),
      });
      assert.equal(answer.status, 200);
      await behind.running.deliverMail();
      return mails.received.splice(0).map(({ text }) => /From address: (.*)/.exec(text)![1]);
    };
    const own = behind.visitor(phone);
    own.keepsDevice = true;
    assert.deepEqual(await from(own, "2001:db8:1:2::3"), ["2001:db8:1:2::3"]);
    assert.deepEqual(
      await from(behind.visitor(phone), "2001:db8:1:2:ffff::1"),
      [],
      "a private window at home",
    );
    assert.deepEqual(await from(own, "192.0.2.1"), [], "the cookie travels");
    assert.deepEqual(
      await from(behind.visitor(phone), "192.0.2.1"),
      ["192.0.2.1"],
      "the neighbour in the café",
    );
    assert.deepEqual(await from(behind.visitor(phone), "198.51.100.1"), ["198.51.100.1"]);
  });

  test("is told anew of every device after the password was changed, but of the one that changed it", async () => {
    const visitor = await signIn(phone);
    const other = server.visitor("curl/8");
    await other.signIn(ada);
    const change = { currentPassword: ada.password, newPassword: changed };
    assert.equal((await visitor.call("POST", "/api/password", change)).status, 200);
    await server.running.deliverMail();
    mails.received.length = 0;
    await visitor.signIn({ ...ada, password: changed });
    await other.signIn({ ...ada, password: changed });
    await server.running.deliverMail();
    assert.match(mails.only().text, /Device: curl/);
  });

  test("is told some times a day, the last time with word that it is the last", async () => {
    for (let device = 0; device < newDevicesADay + 3; device++) await signIn(`program-${device}/1`);
    await server.running.deliverMail();
    const last = mails.received.map(({ text }) => text.includes("This is the last one"));
    assert.deepEqual(last, [false, false, false, false, true]);
    mails.received.length = 0;
    server.clock.now += day;
    await signIn("tomorrow/1");
    await server.running.deliverMail();
    assert.match(mails.only().text, /Device: tomorrow/);
  });

  test("is not told of somebody who did not get in", async () => {
    await server.visitor(phone).call("POST", "/api/login", { ...ada, password: "wrong" });
    await server.running.deliverMail();
    assert.equal(mails.received.length, 0);
  });

  test("that names its browser like a message or a link is told without it", async () => {
    await signIn("Your account is blocked, call 555/1 (Windows NT 10.0)");
    await signIn("https://evil.example/<script>alert(1)</script>/1 x");
    await signIn("evil.example/1");
    await server.running.deliverMail();
    assert.equal(mails.received.length, 2);
    for (const { text, html } of mails.received) {
      assert.match(text, /Device: Unknown program(?: on Windows)?\n/);
      assert.doesNotMatch(text + html, /evil|blocked|<script/);
    }
  });
});

describe("the link of a mail", () => {
  async function mailed(): Promise<{ visitor: Visitor; link: string }> {
    const visitor = await signIn(phone);
    await server.running.deliverMail();
    return { visitor, link: mails.only().link };
  }

  const press = (link: string) => server.visitor().submit("/end-session", { code: codeOf(link) });

  test("ends that session and no other, without script and without a sign-in", async () => {
    const other = await signIn();
    await server.running.deliverMail();
    mails.received.length = 0;
    const { visitor, link } = await mailed();
    const page = await server.visitor().get(pathOf(link));
    assert.equal(page.status, 200);
    assert.match(page.text, /<form[^>]*method="post" action="\/end-session">/);
    assert.ok(page.text.includes(`name="code" value="${codeOf(link)}"`));
    assert.doesNotMatch(page.text, /<script/);
    const answer = await press(link);
    assert.equal(answer.status, 200);
    assert.match(answer.text, /That sign-in is ended\./);
    assert.equal((await visitor.send("GET", "/api/session")).json().reason, "revoked");
    assert.equal(await other.isSignedIn(), true);
  });

  test("ends a remembered browser that has come back since, and none that was there before", async () => {
    const remembered = async (userAgent?: string) => {
      const visitor = server.visitor(userAgent);
      const answer = await visitor.call("POST", "/api/login", { ...ada, remember: true });
      assert.equal(answer.status, 200);
      return visitor;
    };
    const own = await remembered();
    await server.running.deliverMail();
    mails.received.length = 0;
    server.clock.now += 1;
    const thief = await remembered(phone);
    await server.running.deliverMail();
    const { link } = mails.only();
    for (let time = 0; time < 3; time++) {
      server.clock.now += 13 * 3_600_000;
      for (const visitor of [own, thief]) assert.equal(await visitor.isSignedIn(), true);
      server.clock.now += 60_000;
      for (const visitor of [own, thief]) assert.equal(await visitor.isSignedIn(), true);
    }
    assert.equal((await press(link)).status, 200);
    assert.equal(await thief.isSignedIn(), false);
    server.clock.now += 13 * 3_600_000;
    assert.equal(await thief.isSignedIn(), false);
    assert.equal(await own.isSignedIn(), true);
  });

  test("does nothing when it is only followed, as scanners do", async () => {
    const { visitor, link } = await mailed();
    for (const method of ["GET", "HEAD", "GET"]) {
      assert.equal((await server.visitor().send(method, pathOf(link))).status, 200);
    }
    assert.equal(await visitor.isSignedIn(), true);
    assert.equal((await press(link)).status, 200);
  });

  test("shows the same page for every code", async () => {
    const { link } = await mailed();
    const good = await server.visitor().get(pathOf(link));
    await press(link);
    const used = await server.visitor().get(pathOf(link));
    const unknown = await server.visitor().get(`/end-session?code=${"x".repeat(43)}`);
    const same = (text: string, code: string) => text.replaceAll(code, "").replace(/nonce="[^"]*"/g, "");
    assert.equal(same(good.text, codeOf(link)), same(used.text, codeOf(link)));
    assert.equal(same(good.text, codeOf(link)), same(unknown.text, "x".repeat(43)));
    const evil = await server.visitor().get(`/end-session?code=${encodeURIComponent('"><script>')}`);
    assert.doesNotMatch(evil.text, /"><script>/);
  });

  test("works once, for one of twenty who press it at the same time", async () => {
    const { link } = await mailed();
    const answers = await Promise.all(Array.from({ length: 20 }, () => press(link)));
    const statuses = answers.map(({ status }) => status).sort();
    assert.deepEqual(statuses, [200, ...Array.from({ length: 19 }, () => 410)]);
  });

  test("that is used, expired, unknown or none is answered the same", async () => {
    const { link } = await mailed();
    await press(link);
    await signIn("curl/8");
    await server.running.deliverMail();
    const expired = mails.only().link;
    server.clock.now += endLinkLifetime;
    const codes = [codeOf(link), codeOf(expired), "x".repeat(43), ""];
    const answers = await Promise.all(codes.map((code) => server.visitor().submit("/end-session", { code })));
    const same = answers.map(({ status, text }) => `${status} ${text.replace(/nonce="[^"]*"/g, "")}`);
    assert.equal(new Set(same).size, 1);
    assert.equal(answers[0]!.status, 410);
  });

  test("works for seven days", async () => {
    const { link } = await mailed();
    server.clock.now += endLinkLifetime - 1;
    assert.equal((await press(link)).status, 200);
  });

  test("is not pressed by another site", async () => {
    const { visitor, link } = await mailed();
    const answer = await server.visitor().send("POST", "/end-session", {
      headers: {
        "content-type": "application/x-www-form-urlencoded",
        "sec-fetch-site": "cross-site",
        origin: "https://evil.example",
      },
      body: `code=${codeOf(link)}`,
    });
    assert.equal(answer.status, 403);
    assert.equal(await visitor.isSignedIn(), true);
  });

  test("is of the configured origin, whatever Host a request names (CVE-2025-71401)", async () => {
    await using elsewhere = await startWithMail({ COATCHECK_ORIGIN: "https://sign-in.example.com" });
    const visitor = new Visitor(`http://127.0.0.1:${elsewhere.running.port}`, phone);
    const answer = await visitor.send("POST", "/api/login", {
      headers: {
        "content-type": "application/json",
        origin: "https://sign-in.example.com",
        "x-forwarded-host": "evil.example",
        "x-forwarded-proto": "https",
        forwarded: "host=evil.example",
      },
      body: JSON.stringify(ada),
    });
    assert.equal(answer.status, 200, answer.text);
    await elsewhere.running.deliverMail();
    const mail = mails.only();
    assert.match(mail.link, /^https:\/\/sign-in\.example\.com\/end-session\?code=/);
    assert.doesNotMatch(mail.raw, /evil|127\.0\.0\.1:\d/);
    assert.equal(mail.headers.get("from"), "Coatcheck <no-reply@sign-in.example.com>");
  });

  test("is at rest as a hash only, and in no log", async () => {
    const { link } = await mailed();
    const tables = server.sql("SELECT name FROM sqlite_master WHERE type = 'table'");
    const dump = JSON.stringify(tables.map(({ name }) => server.sql(`SELECT * FROM "${name}"`)));
    await server.visitor().get(pathOf(link));
    await press(link);
    assert.match(dump, /coatcheck|Safari on iOS/);
    for (const place of [dump, server.logs]) assert.ok(!place.includes(codeOf(link)));
    assert.match(server.logs, /"event":"mail-sent"/);
  });
});

describe("a changed password", () => {
  // Proves ASVS 6.3.7.
  test("is told, with a link that ends the session in which it was changed", async () => {
    const visitor = await signIn(phone);
    await server.running.deliverMail();
    mails.received.length = 0;
    const change = { currentPassword: ada.password, newPassword: changed };
    assert.equal((await visitor.call("POST", "/api/password", change)).status, 200);
    await server.running.deliverMail();
    const mail = mails.only();
    assert.equal(mail.headers.get("subject"), "Your password was changed");
    assert.match(mail.text, /Device: Safari on iOS/);
    assert.ok(mail.text.includes(`${server.origin}/forgot`));
    await server.visitor().submit("/end-session", { code: codeOf(mail.link) });
    assert.equal(await visitor.isSignedIn(), false);
  });

  test("that was not changed is not told", async () => {
    const visitor = await signIn(phone);
    await server.running.deliverMail();
    mails.received.length = 0;
    await visitor.call("POST", "/api/password", { currentPassword: "wrong", newPassword: changed });
    await server.running.deliverMail();
    assert.equal(mails.received.length, 0);
  });
});

describe("a copied sign-in", () => {
  // Proves ASVS 6.3.5.
  test("is told, with a link that ends all sessions of the user", async () => {
    const visitor = await signIn();
    const thief = visitor.copy();
    const elsewhere = await signIn(phone);
    await server.running.deliverMail();
    mails.received.length = 0;
    for (let minute = 0; minute <= 70; minute += 10) {
      server.clock.now += 10 * 60_000;
      await visitor.isSignedIn();
      await elsewhere.isSignedIn();
    }
    assert.notEqual(visitor.cookie, thief.cookie);
    const answer = await thief.send("GET", "/api/session");
    assert.equal(answer.json().reason, "theft");
    await server.running.deliverMail();
    const mail = mails.only();
    assert.equal(mail.headers.get("subject"), "Somebody may have copied your sign-in");
    assert.match(mail.text, /From address: 127\.0\.0\.1\nDevice: Firefox on Windows/);
    assert.equal(await elsewhere.isSignedIn(), true);
    await server.visitor().submit("/end-session", { code: codeOf(mail.link) });
    assert.equal(await elsewhere.isSignedIn(), false);
  });
});

describe("a cookie in another kind of browser, under COATCHECK_FINGERPRINT=revoke", () => {
  test("is told to the owner, with where it came from", async () => {
    await using strict = await startWithMail({ COATCHECK_FINGERPRINT: "revoke" });
    const here = await strict.signedIn();
    await strict.running.deliverMail();
    mails.received.length = 0;
    const thief = strict.visitor(phone);
    thief.cookie = here.cookie;
    assert.equal(await thief.isSignedIn(), false);
    await strict.running.deliverMail();
    const mail = mails.only();
    assert.equal(mail.headers.get("subject"), "Somebody may have copied your sign-in");
    assert.match(mail.text, /Device: Safari on iOS/);
  });
});

describe("without a mail server", () => {
  test("nothing is put in, and the notice at start says so", async () => {
    await using silent = await startTestServer();
    await silent.visitor().signIn(ada);
    await silent.running.deliverMail();
    assert.deepEqual(silent.sql("SELECT * FROM coatcheck_outbox"), []);
    assert.deepEqual(silent.sql("SELECT * FROM coatcheck_known_devices"), []);
  });
});
