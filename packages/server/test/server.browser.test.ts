import assert from "node:assert/strict";
import { test } from "node:test";
import type { BrowserContext, Cookie, Page } from "playwright-core";
import { oneBrowser } from "../../../test/servers/browser.ts";
import { ada, startTestServer } from "./support/test-server.ts";

const withBrowser = oneBrowser();

async function fillSignIn(page: Page, user: { email: string; password: string }): Promise<void> {
  await page.getByLabel("E-mail address").fill(user.email);
  await page.getByLabel("Password", { exact: true }).fill(user.password);
  await page.getByRole("button", { name: "Sign in" }).click();
}

/** The cookies that open something. That a device is known outlives a sign-out and opens nothing. */
async function tickets(context: BrowserContext): Promise<Cookie[]> {
  return (await context.cookies()).filter(({ name }) => name !== "__Host-device");
}

// Proves ASVS 14.3.3, ASVS 3.3.4, WSTG-SESS-02.
test("from the first start to the last sign-out, in a real browser", { timeout: 120_000 }, async () => {
  await using server = await startTestServer({ env: {} });
  await withBrowser(async (browser) => {
    const first = await browser.newContext();
    const page = await first.newPage();
    const violations: string[] = [];
    page.on("console", (message) => {
      if (message.type() === "error") violations.push(message.text());
    });

    await page.goto(`${server.origin}/setup`);
    // The summary of errors leads to fields so: that is no code.
    await page.goto(`${server.origin}/setup#email`);
    assert.equal(await page.getByLabel("Set-up code").inputValue(), "");
    // Only what stands behind the # changes, so the browser loads nothing.
    await page.goto(server.running.setupLink!);
    assert.equal(await page.getByLabel("Set-up code").inputValue(), server.running.setupLink!.split("#")[1]);
    assert.equal(new URL(page.url()).hash, "");
    await page.getByLabel("Your e-mail address").fill(ada.email);
    await page.getByLabel("New password", { exact: true }).fill(ada.password);
    await page.getByRole("button", { name: "Create administrator" }).click();

    await page.getByRole("heading", { name: "Welcome" }).waitFor();
    assert.equal(await page.locator(".steps > li").count(), 5);
    await page.getByRole("link", { name: "Look at your devices" }).click();
    await page.getByRole("heading", { name: "Your devices" }).waitFor();
    assert.match(await page.getByRole("listitem").filter({ hasText: "This device" }).innerText(), /on Linux/);
    const [cookie, ...more] = await tickets(first);
    assert.equal(more.length, 0);
    const { name, secure, httpOnly, sameSite, path, domain, expires } = cookie!;
    assert.deepEqual(
      { name, secure, httpOnly, sameSite, path, domain, expires },
      {
        name: "__Host-session",
        secure: true,
        httpOnly: true,
        sameSite: "Lax",
        path: "/",
        domain: "localhost",
        expires: -1,
      },
    );
    assert.equal(await page.evaluate("document.cookie"), "");
    assert.equal(await page.evaluate("localStorage.length + sessionStorage.length"), 0);

    const second = await browser.newContext({ javaScriptEnabled: false });
    const other = await second.newPage();
    await other.goto(`${server.origin}/account`);
    await fillSignIn(other, { ...ada, password: "not the password" });
    assert.match(await other.getByRole("alert").innerText(), /e-mail address or the password is wrong/);
    assert.equal(await other.getByLabel("E-mail address").inputValue(), ada.email);
    await fillSignIn(other, ada);
    await other.getByRole("heading", { name: "Your account" }).waitFor();

    await page.getByRole("link", { name: "Devices", exact: true }).click();
    assert.equal(await page.locator(".device").count(), 2);
    await page.getByRole("link", { name: /^Sign out .*127\.0\.0\.1/ }).click();
    await page.getByRole("heading", { name: "Sign out this device?" }).waitFor();
    await page.locator("main").getByRole("button", { name: "Sign out" }).click();
    assert.match(await page.getByRole("status").innerText(), /That device is signed out/);
    assert.equal(await page.locator(".device").count(), 1);

    await other.getByRole("link", { name: "Devices", exact: true }).click();
    await other.getByRole("heading", { name: "Sign in" }).waitFor();
    assert.match(
      await other.getByRole("status").innerText(),
      /signed out because this device was signed out/,
    );
    await fillSignIn(other, ada);
    await other.getByRole("heading", { name: "Your devices" }).waitFor();

    await page.getByRole("button", { name: "Sign out", exact: true }).click();
    assert.match(await page.getByRole("status").innerText(), /You are signed out/);
    assert.deepEqual(await tickets(first), []);
    await page.goBack();
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
    assert.doesNotMatch(await page.locator("body").innerText(), /This device|ada@example/);

    assert.deepEqual(
      violations.filter((text) => /Content Security Policy|Refused/.test(text)),
      [],
    );
  });
});

test("everything is done by keyboard alone", { timeout: 120_000 }, async () => {
  await using server = await startTestServer();
  await withBrowser(async (browser) => {
    const page = await browser.newPage();
    // A key goes where the focus is, and the browser may move it a moment after it shows the page.
    const focusOn = (selector: string) => page.locator(`${selector}:focus`).waitFor();

    await page.goto(`${server.origin}/login`);
    await focusOn("[name=email]");
    await page.keyboard.type(ada.email);
    await page.keyboard.press("Tab");
    await focusOn("[name=password]");
    await page.keyboard.type("not the password");
    await page.keyboard.press("Enter");
    await page.getByRole("alert").waitFor();
    await focusOn(".summary");
    assert.match(await page.title(), /^Error: Sign in/);
    await page.keyboard.press("Tab");
    await page.keyboard.press("Tab");
    await focusOn("[name=password]");
    await page.keyboard.type(ada.password);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Your devices" }).waitFor();
    await page.waitForLoadState();

    await page.keyboard.press("Tab");
    assert.equal(await page.evaluate("document.activeElement.textContent"), "Skip to content");
    await page.keyboard.press("Enter");
    await focusOn("#main");
    await page.keyboard.press("Tab");
    await focusOn("main a");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Sign out everywhere?" }).waitFor();
    await page.waitForLoadState();
    await page.locator("main button").press("Enter");
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
    assert.match(await page.getByRole("status").innerText(), /signed out on all devices/);
  });
});
