/** A mail server that is down, hangs, refuses or is shared by two nodes: nothing is lost, and no sign-in waits. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { after, before, describe, test } from "node:test";
import { providePostgres } from "../../../../test/servers/postgres.ts";
import { freePort } from "../../../../test/servers/program.ts";
import { mailPatience } from "../../src/mail/backoff.ts";
import { Smtp } from "../../src/mail/smtp.ts";
import { type Node, startNode } from "../support/command-line.ts";
import { MailServer, type ReceivedMail, readMail } from "../support/mail-server.ts";
import { ada, startTestServer, withAda } from "../support/test-server.ts";

const minute = 60_000;

test("what a mail server that is away could not take is sent when it is back", async () => {
  const port = await freePort();
  await using server = await startTestServer({
    env: { ...withAda, COATCHECK_SMTP_URL: `smtp://127.0.0.1:${port}` },
  });
  await server.visitor("curl/8").signIn(ada);
  await server.visitor("wget/1").signIn(ada);
  await server.running.deliverMail();
  assert.match(server.logs, /"event":"mail-postponed".*ECONNREFUSED/);
  assert.equal(server.sql("SELECT * FROM coatcheck_outbox").length, 2);
  await using mails = await MailServer.start({}, port);
  server.clock.now += 10 * minute;
  await server.running.deliverMail();
  const devices = mails.received.map((mail) => /Device: (.*)/.exec(mail.text)![1]);
  assert.deepEqual(devices.toSorted(), ["curl", "wget"]);
  assert.deepEqual(server.sql("SELECT * FROM coatcheck_outbox"), []);
});

test("a sign-in does not wait for a mail server that hangs", async () => {
  const held: Socket[] = [];
  const silent = createServer((socket) => void held.push(socket.on("error", () => {})));
  silent.listen(0, "127.0.0.1");
  await once(silent, "listening");
  const { port } = silent.address() as { port: number };
  await using server = await startTestServer({
    env: { ...withAda, COATCHECK_SMTP_URL: `smtp://127.0.0.1:${port}` },
  });
  const connected = once(silent, "connection");
  await server.visitor("curl/8").signIn(ada);
  // The mail is on its way, and goes nowhere.
  await connected;
  let isDelivered = false;
  const delivery = server.running.deliverMail().then(() => {
    isDelivered = true;
  });
  await server.visitor("wget/1").signIn(ada);
  assert.equal(isDelivered, false);
  for (const socket of held) socket.destroy();
  silent.close();
  await delivery;
  assert.equal(server.sql("SELECT * FROM coatcheck_outbox").length, 2);
});

test("a mail that is refused for days is given up, and the log says so without its secret", async () => {
  await using mails = await MailServer.start({
    onData(stream, _session, done) {
      text(stream).then((raw) => {
        const { link } = readMail(raw);
        done(Object.assign(new Error(`I do not like ${link}`), { responseCode: 554 }));
      }, done);
    },
  });
  await using server = await startTestServer({ env: { ...withAda, COATCHECK_SMTP_URL: mails.url } });
  await server.visitor("curl/8").signIn(ada);
  const begin = server.clock.now;
  while (server.sql("SELECT * FROM coatcheck_outbox").length > 0) {
    await server.running.deliverMail();
    server.clock.now += minute;
    const [next] = server.sql("SELECT due_at FROM coatcheck_outbox");
    if (next) server.clock.now = Math.max(server.clock.now, Number(next.due_at));
  }
  assert.ok(server.clock.now - begin > mailPatience - 6 * 60 * minute);
  const attempts = server.logs.match(/"event":"mail-postponed"/g)!.length;
  assert.ok(attempts > 10 && attempts < 30, `${attempts}`);
  assert.match(server.logs, /"event":"mail-given-up".*"kind":"new-device".*I do not like http.*code=…/);
  assert.doesNotMatch(server.logs, /code=[\w-]/);
  assert.equal(mails.received.length, 0);
});

test("every attempt has the same Message-ID, and a code of its own", async () => {
  const seen: ReceivedMail[] = [];
  await using mails = await MailServer.start({
    onData(stream, _session, done) {
      text(stream).then((raw) => {
        seen.push(readMail(raw));
        // Taken on, but nobody learns of it.
        done(Object.assign(new Error("lost"), { responseCode: 451 }));
      }, done);
    },
  });
  await using server = await startTestServer({ env: { ...withAda, COATCHECK_SMTP_URL: mails.url } });
  await server.visitor("curl/8").signIn(ada);
  await server.running.deliverMail();
  server.clock.now += 2 * minute;
  await server.running.deliverMail();
  assert.equal(seen.length, 2);
  assert.equal(new Set(seen.map(({ headers }) => headers.get("message-id"))).size, 1);
  assert.equal(new Set(seen.map(({ link }) => link)).size, 2);
  for (const { link } of seen) {
    const code = new URL(link).searchParams.get("code")!;
    assert.equal((await server.visitor().submit("/end-session", { code })).status, 200);
  }
});

describe("two nodes on one database", () => {
  let mails: MailServer;
  before(async () => {
    mails = await MailServer.start();
  });
  after(() => mails.stop());

  test("send one mail once", async () => {
    await using database = await providePostgres();
    const settings = { ...withAda, COATCHECK_DATABASE: database.url, COATCHECK_SMTP_URL: mails.url };
    await using a = await startNode(settings);
    await using b = await startNode(settings);
    const signIn = async (node: Node, userAgent: string) => {
      const answer = await node.visitor().send("POST", "/api/login", {
        headers: { "content-type": "application/json", "user-agent": userAgent },
        body: JSON.stringify(ada),
      });
      assert.equal(answer.status, 200, answer.text);
    };
    for (let device = 0; device < 5; device++) {
      await Promise.all([a, b].map((node) => signIn(node, `program-${device}/1`)));
    }
    await Promise.all([a, b].map((node) => node.stop()));
    // What they did not get to send before they were stopped, another node sends.
    await using c = await startNode(settings);
    const { Pool } = (await import("pg")).default;
    const pool = new Pool({ connectionString: database.url });
    for (;;) {
      const { rows } = await pool.query("SELECT count(*)::integer AS left FROM coatcheck_outbox");
      if (rows[0].left === 0) break;
    }
    await pool.end();
    await c.stop();
    const told = mails.received.map((mail) => /Device: (.*)/.exec(mail.text)![1]);
    assert.deepEqual(told.toSorted(), ["program-0", "program-1", "program-2", "program-3", "program-4"]);
    const ids = new Set(mails.received.map(({ headers }) => headers.get("message-id")));
    assert.equal(ids.size, 5);
  });
});

describe("the way to the mail server", () => {
  const from = { name: "Coatcheck", address: "no-reply@example.com" };
  const letter = { subject: "Hello", text: "Hello\n", html: "<p>Hello</p>" };
  const envelope = { id: "x", to: "ada@example.com", date: 0 };
  const never = new AbortController().signal;

  // Proves ASVS 12.3.1.
  test("is encrypted or not taken: a server that cannot speak TLS is told nothing", async () => {
    const said: string[] = [];
    await using mails = await MailServer.start({
      disabledCommands: ["STARTTLS"],
      authOptional: true,
      onAuth: (auth, _session, done) => {
        said.push(`${auth.password}`);
        done(null, { user: "ada" });
      },
      onMailFrom: (address, _session, done) => {
        said.push(address.address);
        done();
      },
    });
    const login = { user: "ada", password: "hunter2" };
    const server = { host: "127.0.0.1", port: mails.port, login, tls: "starttls" as const };
    await assert.rejects(new Smtp({ server, from }).send(envelope, letter, never), /TLS/);
    assert.deepEqual(said, []);
  });

  // Proves ASVS 12.3.2.
  test("is not taken to a server with a certificate that nobody vouches for", async () => {
    await using mails = await MailServer.start({ disabledCommands: ["AUTH"] });
    const address = { host: "127.0.0.1", port: mails.port, login: undefined };
    const strict = new Smtp({ server: { ...address, tls: "starttls" }, from });
    await assert.rejects(strict.send(envelope, letter, never), /certificate/);
    assert.equal(mails.received.length, 0);
    await new Smtp({ server: { ...address, tls: "loopback" }, from }).check();
  });

  // Proves CVE-2022-35924.
  test("a mail has no header but its own, whatever its address holds", async () => {
    await using mails = await MailServer.start();
    const server = { host: "127.0.0.1", port: mails.port, login: undefined, tls: "loopback" as const };
    const smtp = new Smtp({ server, from });
    for (const to of [
      "ada@example.com\r\nBcc: eve@example.com",
      "ada@example.com\nX-Evil: 1\n\nbody",
      "ada@example.com, eve@example.com",
      "ada@example.com>\r\nRCPT TO:<eve@example.com",
    ]) {
      await smtp.send({ ...envelope, to }, letter, never).catch(() => {});
    }
    for (const { headers, recipients } of mails.received) {
      assert.equal(headers.has("bcc"), false);
      assert.equal(headers.has("x-evil"), false);
      assert.ok(!recipients.includes("eve@example.com"), recipients.join());
    }
  });
});
