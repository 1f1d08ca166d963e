/** What people do with the links of their mails. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { withBrowser } from "../../../../test/servers/browser.ts";
import { MailServer } from "../support/mail-server.ts";
import { ada, startTestServer, withAda } from "../support/test-server.ts";

const password = "window upstairs kettle tea";

test("a forgotten password, and a device that is not one's own, in a real browser", {
  timeout: 120_000,
}, async () => {
  await using mails = await MailServer.start();
  await using server = await startTestServer({ env: { ...withAda, COATCHECK_SMTP_URL: mails.url } });
  await withBrowser(async (browser) => {
    const page = await (await browser.newContext({ locale: "ru-RU" })).newPage();
    const violations: string[] = [];
    page.on("console", (message) => {
      if (message.type() === "error") violations.push(message.text());
    });

    await page.goto(`${server.origin}/login`);
    await page.getByRole("link", { name: "Forgot your password?" }).click();
    await page.getByLabel("E-mail address").fill(ada.email);
    await page.getByRole("button", { name: "Send the mail" }).click();
    assert.match(await page.getByRole("status").innerText(), /a mail is on its way/);
    await server.running.deliverMail();
    const { link } = mails.only();

    await page.goto(link);
    assert.equal(await page.getByLabel("Code").inputValue(), link.split("#")[1]);
    assert.equal(page.url(), `${server.origin}/reset`, "The code is gone from the address bar");
    await page.getByLabel("New password").fill("short");
    await page.getByRole("button", { name: "Change password" }).click();
    assert.match(await page.getByRole("alert").innerText(), /at least 15 characters/);
    await page.getByLabel("New password").fill(password);
    await page.getByRole("button", { name: "Change password" }).click();
    assert.match(await page.getByRole("status").innerText(), /Your password is changed/);
    await server.running.deliverMail();
    assert.match(mails.only().text, /was reset/);

    await page.getByLabel("E-mail address").fill(ada.email);
    await page.getByLabel("Password").fill(password);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("heading", { name: "Your devices" }).waitFor();
    await server.running.deliverMail();
    const told = mails.only();
    assert.match(told.text, /Устройство: Chrome on Linux/);

    const owner = await (await browser.newContext({ javaScriptEnabled: false })).newPage();
    await owner.goto(told.link);
    await owner.getByRole("button", { name: "Sign out" }).click();
    assert.match(await owner.getByRole("status").innerText(), /That sign-in is ended/);
    await page.reload();
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
    await owner.goto(told.link);
    await owner.getByRole("button", { name: "Sign out" }).click();
    await owner.getByRole("heading", { name: "This link is not good any more" }).waitFor();
    assert.deepEqual(
      violations.filter((text) => !/status of 4\d\d/.test(text)),
      [],
    );
  });
});
