/** The day of an administrator, in a real browser: users, their rights, their sessions, and what the audit says of it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { oneBrowser, visit } from "../../../test/servers/browser.ts";
import { ada, startTestServer, type TestServer } from "./support/test-server.ts";

const withBrowser = oneBrowser();

const timeout = 180_000;
const grace = { email: "grace@example.com", password: "lemon hedgehog violin snail" };
const phone =
  "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1";

async function signedInAs(
  browser: Browser,
  server: TestServer,
  user: { readonly email: string; readonly password: string },
  options: BrowserContextOptions = {},
): Promise<Page> {
  const page = await (await browser.newContext(options)).newPage();
  await page.goto(`${server.origin}/login`);
  await page.locator("[name=email]").fill(user.email);
  await page.locator("[name=password]").fill(user.password);
  await page.locator("main form button:not(.reveal)").click();
  await page.waitForURL("**/devices");
  return page;
}

for (const javaScriptEnabled of [true, false]) {
  test(`an administrator adds a user, changes their rights, finds and ends sessions and reads it in the audit, with script ${javaScriptEnabled ? "on" : "off"}`, {
    timeout,
  }, async () => {
    await using server = await startTestServer();
    await withBrowser(async (browser) => {
      const page = await signedInAs(browser, server, ada, { javaScriptEnabled });
      const said = async (text: RegExp) => assert.match(await page.locator(".notice").innerText(), text);
      const confirm = async (link: string | RegExp, button = link) => {
        await page.getByRole("link", { name: link }).click();
        await page.getByRole("main").getByRole("button", { name: button }).click();
      };

      // A user, who takes the link to choose a password.
      await page.getByRole("link", { name: "Administration" }).click();
      await page.getByRole("link", { name: "Users", exact: true }).click();
      await page.getByRole("link", { name: "Add a user" }).click();
      await page.getByLabel("E-mail address of the user").fill(grace.email);
      await page.getByRole("button", { name: "Add the user" }).click();
      const link = await page.getByLabel("Link").inputValue();
      const invited = await (await browser.newContext()).newPage();
      await invited.goto(link);
      await invited.locator("[name=password]").fill(grace.password);
      await invited.locator("main form button:not(.reveal)").click();
      await invited.waitForURL("**/login**");

      // Found by a part of the address; given rights, and they are taken away again.
      await page.goto(`${server.origin}/admin/users`);
      await page.getByLabel("Address, or a part of it").fill("GRACE");
      await page.getByRole("button", { name: "Search" }).click();
      await page.getByRole("link", { name: grace.email }).click();
      await confirm("Make administrator");
      await said(/rights are changed/);
      await confirm("No longer administrator");
      await said(/rights are changed/);

      // On a phone and on a computer, each found by what is known of it.
      const carried = await signedInAs(browser, server, grace, { userAgent: phone });
      const seated = await signedInAs(browser, server, grace);
      await page.goto(`${server.origin}/admin/sessions`);
      const found = page.locator(".found > li");
      assert.equal(await found.count(), 3);
      const search = async (label: string, text: string, count: number) => {
        await page.goto(`${server.origin}/admin/sessions`);
        await page.getByLabel(label).fill(text);
        await page.getByRole("button", { name: "Search" }).click();
        await page.waitForURL(/sessions\?/);
        assert.equal(await page.getByLabel(label).inputValue(), text);
        assert.equal(await found.count(), count, `${label} ${text}`);
      };
      await search("IP, or its beginning", "192.0.2.", 0);
      assert.match(await page.locator(".empty").innerText(), /No session is like this/);
      await search("IP, or its beginning", "127.0.0.", 3);
      await search("User, e-mail or id", "grace", 2);
      await page.getByLabel("Sorted by").selectOption("Latest sign-in first");
      await page.getByRole("button", { name: "Search" }).click();
      assert.match(page.url(), /sort=signed-in/);
      await search("Browser or system", "Safari on iOS", 1);

      // One is ended, and nothing brings it back.
      await page.getByRole("link", { name: /^End the session of grace/ }).click();
      assert.match(await page.getByRole("main").innerText(), /End this session\?[\s\S]*grace@example\.com/);
      await page.getByRole("button", { name: "End the session" }).click();
      await said(/The session has ended/);
      assert.equal(await found.count(), 0);
      await visit(carried, `${server.origin}/devices`);
      assert.match(carried.url(), /\/login/);
      await page.goBack();
      await page.goBack();
      await page.reload();
      assert.equal(await found.count(), 0, "Back shows nothing that is not so any more");

      // All of a user.
      await search("User, e-mail or id", grace.email, 1);
      await confirm(`End all sessions of ${grace.email}`, "End all sessions");
      await said(/All sessions of this user have ended/);
      await visit(seated, `${server.origin}/devices`);
      assert.match(seated.url(), /\/login/);

      // Shut out.
      await confirm("Disable");
      await said(/disabled/);
      await visit(seated, `${server.origin}/login`);
      await seated.locator("[name=email]").fill(grace.email);
      await seated.locator("[name=password]").fill(grace.password);
      await seated.locator("main form button:not(.reveal)").click();
      await seated.locator(".summary").waitFor();

      // All of that is in the audit.
      await server.running.flushAudit();
      await page.getByRole("link", { name: "What happened to this user" }).click();
      const audit = await page.getByRole("table").innerText();
      for (const event of ["created", "revoked", "sign-in-failed"]) assert.match(audit, new RegExp(event));
      await page.getByRole("button", { name: "Check the chain" }).click();
      await said(/The audit is intact/);
    });
  });
}
