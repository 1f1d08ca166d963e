/** What people do with the links of their mails. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { withBrowser } from "../../../../test/servers/browser.ts";
import { MailServer } from "../support/mail-server.ts";
import { ada, startTestServer, withAda } from "../support/test-server.ts";

const password = "window upstairs kettle tea";

test("a forgotten password, and a device that is not one's own, in a real browser that speaks Russian", {
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
    await page.getByRole("link", { name: "Забыли пароль?" }).click();
    await page.getByLabel("Адрес электронной почты").fill(ada.email);
    await page.getByRole("button", { name: "Отправить письмо" }).click();
    assert.match(await page.getByRole("status").innerText(), /письмо уже в пути/);
    await server.running.deliverMail();
    const { link } = mails.only();

    await page.goto(link);
    assert.equal(await page.getByLabel("Код").inputValue(), link.split("#")[1]);
    assert.equal(page.url(), `${server.origin}/reset`, "The code is gone from the address bar");
    await page.getByLabel("Новый пароль", { exact: true }).fill("short");
    await page.getByRole("button", { name: "Сменить пароль" }).click();
    assert.match(await page.getByRole("alert").innerText(), /Нужно не меньше 15 символов/);
    await page.getByLabel("Новый пароль", { exact: true }).fill(password);
    await page.getByRole("button", { name: "Сменить пароль" }).click();
    assert.match(await page.getByRole("status").innerText(), /Пароль изменён/);
    await server.running.deliverMail();
    assert.match(mails.only().text, /was reset/);

    await page.getByLabel("Адрес электронной почты").fill(ada.email);
    await page.getByLabel("Пароль", { exact: true }).fill(password);
    await page.getByRole("button", { name: "Войти" }).click();
    await page.getByRole("heading", { name: "Ваши устройства" }).waitFor();
    await server.running.deliverMail();
    const told = mails.only();
    assert.match(told.text, /Устройство: Chrome on Linux/);

    const owner = await (await browser.newContext({ javaScriptEnabled: false })).newPage();
    await owner.goto(told.link);
    await owner.getByRole("button", { name: "Sign out" }).click();
    assert.match(await owner.getByRole("status").innerText(), /That sign-in is ended/);
    // By itself: the page is told that its session ended.
    await page.getByRole("heading", { name: "Вход" }).waitFor();
    await owner.goto(told.link);
    await owner.getByRole("button", { name: "Sign out" }).click();
    await owner.getByRole("heading", { name: "This link is not good any more" }).waitFor();
    assert.deepEqual(
      violations.filter((text) => !/status of 4\d\d/.test(text)),
      [],
    );
  });
});
