/** Ten tabs that a real browser restores the next morning (peers: spring-security#2648, "CookieTheftException"). */
import assert from "node:assert/strict";
import { test } from "node:test";
import { visit, withBrowser } from "../../../test/servers/browser.ts";
import { ada, startTestServer } from "./support/test-server.ts";

const day = 24 * 60 * 60_000;
const grace = 30_000;

test("a person who ticked the box finds ten tabs signed in the next morning, as one device", {
  timeout: 120_000,
}, async () => {
  await using server = await startTestServer();
  await withBrowser(async (browser) => {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(`${server.origin}/login`);
    const box = page.getByRole("checkbox", { name: "Keep me signed in on this device" });
    assert.equal(await box.isChecked(), false);
    await page.getByLabel("E-mail address").fill(ada.email);
    await page.getByLabel("Password", { exact: true }).fill(ada.password);
    await box.press("Space");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("heading", { name: "Your devices" }).waitFor();
    assert.match(await page.locator(".device").innerText(), /Stays signed in until/);
    const [remember] = (await context.cookies()).filter(({ name }) => name === "__Host-remember");
    assert.ok(remember!.httpOnly && remember!.secure && remember!.expires > Date.now() / 1000 + 29 * 86_400);

    server.clock.now += day;
    await context.clearCookies({ name: "__Host-session" });
    const tabs = await Promise.all(Array.from({ length: 10 }, () => context.newPage()));
    await Promise.all(tabs.map((tab) => tab.goto(`${server.origin}/devices`)));
    for (const tab of tabs) await tab.getByRole("heading", { name: "Your devices" }).waitFor();
    server.clock.now += grace;
    await page.reload();
    assert.equal(await page.locator(".device").count(), 1, "One device");
    assert.match(await page.locator(".device").innerText(), /Came back/);
    assert.ok(!server.logs.includes("session-theft"));

    await page.getByRole("button", { name: "Sign out", exact: true }).click();
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
    assert.deepEqual(
      (await context.cookies()).filter(({ name }) => /session|remember/.test(name)),
      [],
    );
    await visit(tabs[0]!, `${server.origin}/devices`);
    await tabs[0]!.getByRole("heading", { name: "Sign in" }).waitFor();
  });
});
