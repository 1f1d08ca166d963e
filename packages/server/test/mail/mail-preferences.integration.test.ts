/** How people say what they want to be told by mail, and in which language. */
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { MailServer } from "../support/mail-server.ts";
import { ada, startTestServer, type TestServer, withAda } from "../support/test-server.ts";

let mails: MailServer;
let server: TestServer;
before(async () => {
  mails = await MailServer.start();
});
after(() => mails.stop());
beforeEach(async () => {
  server = await startTestServer({ env: { ...withAda, COATCHECK_SMTP_URL: mails.url } });
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
  mails.received.length = 0;
});

test("mails of new devices can be turned off, those of a changed password cannot", async () => {
  const visitor = await server.signedIn();
  const { status, json } = await visitor.call("PATCH", "/api/account", { newDeviceMail: false });
  assert.equal(status, 200);
  assert.equal(json().newDeviceMail, false);
  await server.running.deliverMail();
  mails.received.length = 0;
  await server.visitor("curl/8").signIn(ada);
  await server.running.deliverMail();
  assert.equal(mails.received.length, 0);
  const change = { currentPassword: ada.password, newPassword: "window upstairs kettle tea" };
  assert.equal((await visitor.call("POST", "/api/password", change)).status, 200);
  await server.running.deliverMail();
  assert.equal(mails.only().headers.get("subject"), "Your password was changed");
});

test("turning them off comes too late for the sign-in that does it", async () => {
  const thief = server.visitor("curl/8");
  await thief.signIn(ada);
  await thief.call("PATCH", "/api/account", { newDeviceMail: false });
  await server.running.deliverMail();
  assert.match(mails.only().text, /Device: curl/);
});

test("a device that signed in while they were off is no news when they are on again", async () => {
  const visitor = await server.signedIn();
  await visitor.call("PATCH", "/api/account", { newDeviceMail: false });
  await server.visitor("curl/8").signIn(ada);
  await visitor.call("PATCH", "/api/account", { newDeviceMail: true });
  await server.running.deliverMail();
  mails.received.length = 0;
  await server.visitor("curl/8").signIn(ada);
  await server.running.deliverMail();
  assert.equal(mails.received.length, 0);
});

test("the account page says and changes what is wanted, without script", async () => {
  const visitor = await server.signedIn();
  await server.running.deliverMail();
  mails.received.length = 0;
  assert.match((await visitor.get("/account")).text, /name="new-device" type="checkbox"[^>]* checked>/);
  const saved = await visitor.submit("/account/mail", { language: "ru" }, "/account");
  assert.equal(saved.location, "/account?done=mail-changed");
  const { text } = await visitor.get("/account");
  assert.match(text, /name="new-device" type="checkbox"[^>]*hint">/);
  assert.match(text, /<option value="ru" lang="ru" selected>Русский/);
  await visitor.submit("/account/mail", { language: "ru", "new-device": "yes" }, "/account");
  await server.visitor("curl/8").signIn(ada);
  await server.running.deliverMail();
  assert.equal(mails.only().headers.get("subject"), "Вход в учётную запись с нового устройства");
});

test("the API changes what is named, and refuses what it does not know", async () => {
  const visitor = await server.signedIn();
  const { user } = (await visitor.call("GET", "/api/session")).json();
  const account = async () => (await visitor.call("GET", "/api/account")).json();
  assert.deepEqual(await account(), { user, language: "en", newDeviceMail: true });
  await visitor.call("PATCH", "/api/account", { language: "ru" });
  await visitor.call("PATCH", "/api/account", { newDeviceMail: false });
  await visitor.call("PATCH", "/api/account", {});
  assert.deepEqual(await account(), { user, language: "ru", newDeviceMail: false });
  for (const wrong of [
    { language: "tlh" },
    { newDeviceMail: "no" },
    { theftMail: false },
    { email: "x@y.z" },
  ]) {
    assert.equal((await visitor.call("PATCH", "/api/account", wrong)).status, 422);
  }
  const forged = { headers: { "content-type": "application/json" }, body: '{"newDeviceMail":true}' };
  assert.equal((await visitor.send("PATCH", "/api/account", forged)).status, 403);
  assert.equal((await server.visitor().call("PATCH", "/api/account", {})).status, 401);
  assert.deepEqual(await account(), { user, language: "ru", newDeviceMail: false });
});
