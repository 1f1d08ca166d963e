/** Parts of pages that keep themselves up to date, in a real browser. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Browser, BrowserContext, BrowserContextOptions, Page } from "playwright-core";
import { oneBrowser } from "../../../../test/servers/browser.ts";
import { ada, startTestServer, type TestServer } from "../support/test-server.ts";

const withBrowser = oneBrowser();
const timeout = 120_000;

async function signedIn(
  browser: Browser,
  server: TestServer,
  options: BrowserContextOptions = {},
): Promise<[context: BrowserContext, page: Page]> {
  const context = await browser.newContext({ locale: "en", ...options });
  const page = await context.newPage();
  await page.goto(`${server.origin}/login`);
  await page.locator("[name=email]").fill(ada.email);
  await page.locator("[name=password]").fill(ada.password);
  await page.locator("main form button:not(.reveal)").click();
  await page.waitForURL("**/devices");
  await server.running.flushAudit();
  return [context, page];
}

function streamsOf(context: BrowserContext): string[] {
  const streams: string[] = [];
  context.on("request", (request) => {
    if (request.url().endsWith("/api/admin/events")) streams.push(request.url());
  });
  return streams;
}

async function failedSignIn(server: TestServer): Promise<void> {
  await server.visitor().submit("/login", { ...ada, password: "not the password" });
}

test("the audit shows what happens without being loaded again, in every tab by one stream, and can be paused", {
  timeout,
}, async () => {
  await using server = await startTestServer();
  await withBrowser(async (browser) => {
    const [context, page] = await signedIn(browser, server);
    const streams = streamsOf(context);
    await page.goto(`${server.origin}/admin/audit`);
    await page.locator(".live-state.on").waitFor();
    const other = await context.newPage();
    await other.goto(`${server.origin}/admin/audit?event=created`);
    await page.bringToFront();
    await page.evaluate("window.wasNeverLeft = true");

    const failures = page.getByRole("cell", { name: "sign-in-failed" });
    assert.equal(await failures.count(), 0);
    const first = await page.locator("tbody tr").first().getAttribute("data-key");
    await page.locator("tbody tr a").first().focus();
    server.clock.now += 1_000;
    await failedSignIn(server);
    await failures.waitFor();
    assert.equal(
      await page.locator("tbody tr").nth(1).getAttribute("data-key"),
      first,
      "On top of the others",
    );
    assert.equal(
      await page.locator("tbody tr:nth-child(2) a:focus").count(),
      1,
      "The focus stays where it was",
    );
    await page.locator("[role=status]", { hasText: "New records: 1" }).waitFor();

    const rows = await page.locator("tbody tr").count();
    await page.getByRole("button", { name: "Pause" }).click();
    await page.getByText("Paused").waitFor();
    server.clock.now += 1_000;
    await server.signedIn();
    await other.bringToFront();
    await other.locator("tbody tr").nth(1).waitFor();
    assert.equal(await other.getByRole("cell", { name: "sign-in-failed" }).count(), 0, "The filter holds");
    assert.equal(await page.locator("tbody tr").count(), rows, "Nothing comes in while it is paused");
    await page.bringToFront();
    await page.getByRole("button", { name: "Resume" }).click();
    await page.locator("tbody tr").nth(rows).waitFor();

    assert.equal(await page.evaluate("window.wasNeverLeft"), true);
    assert.equal(streams.length, 1);
    await page.close();
    await other.bringToFront();
    while (streams.length < 2) await other.waitForEvent("request");
  });
});

test("with the session the stream ends, and the page leads to the sign-in page", { timeout }, async () => {
  await using server = await startTestServer();
  await withBrowser(async (browser) => {
    const [context, page] = await signedIn(browser, server);
    await page.goto(`${server.origin}/admin/audit`);
    await page.locator(".live-state.on").waitFor();
    const other = await context.newPage();
    await other.goto(`${server.origin}/account`);
    await other.getByRole("button", { name: "Sign out", exact: true }).click();
    await other.getByRole("heading", { name: "Sign in" }).waitFor();
    await page.bringToFront();
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
    const { text } = await server.visitor().send("GET", "/metrics");
    assert.match(text, /^coatcheck_event_streams 0$/m);
  });
});

test("ten minutes after the password the page says that it is not live any more, and how to go on", {
  timeout,
}, async () => {
  await using server = await startTestServer();
  await withBrowser(async (browser) => {
    const [, page] = await signedIn(browser, server);
    await page.goto(`${server.origin}/admin/audit`);
    await page.locator(".live-state.on").waitFor();
    server.clock.now += 10 * 60_000;
    await failedSignIn(server);
    await page.getByText("Not live any more").waitFor();
    assert.equal(await page.getByRole("cell", { name: "sign-in-failed" }).count(), 0, "Nor is it told");
    await page.getByRole("link", { name: "Go on" }).click();
    await page.locator("[name=current_password]").fill(ada.password);
    await page.locator("main form button:not(.reveal)").click();
    await page.locator(".live-state.on").waitFor();
    assert.equal(new URL(page.url()).pathname, "/admin/audit");
    await page.getByRole("cell", { name: "sign-in-failed" }).waitFor();
  });
});

test("without script there is a link in its place, and nothing moves where there is script", {
  timeout,
}, async () => {
  await using server = await startTestServer();
  await withBrowser(async (browser) => {
    const tops: unknown[] = [];
    for (const javaScriptEnabled of [true, false]) {
      const [, page] = await signedIn(browser, server, { javaScriptEnabled });
      await page.goto(`${server.origin}/admin/audit?event=created`);
      if (javaScriptEnabled) await page.locator(".live-state.on").waitFor();
      else {
        await page.getByRole("link", { name: "Reload" }).click();
        await page.waitForURL("**/admin/audit?event=created");
      }
      const { y } = (await page.locator("table").boundingBox())!;
      tops.push(y);
    }
    assert.equal(tops[0], tops[1]);
  });
});

test("the overview shows a failed sign-in without being loaded again: nothing moves, and what was opened stays open", {
  timeout,
}, async () => {
  await using server = await startTestServer();
  await withBrowser(async (browser) => {
    const [, page] = await signedIn(browser, server);
    await page.goto(`${server.origin}/admin`);
    await page.locator(".live-state.on").waitFor();
    await page.evaluate("window.wasNeverLeft = true");
    const failed = page.locator(".tiles .sheet", { hasText: "Failed sign-ins" }).locator(".figure");
    assert.equal(await failed.innerText(), "0");
    await page.locator("summary").click();
    await page.evaluate(`
      window.shifts = [];
      new PerformanceObserver((list) => {
        for (const { value, hadRecentInput } of list.getEntries()) if (!hadRecentInput) shifts.push(value);
      }).observe({ type: "layout-shift" })`);
    await failedSignIn(server);
    await page.locator(".tiles .figure", { hasText: /^1$/ }).and(failed).waitFor();
    assert.match((await page.locator(".whole svg").getAttribute("aria-label"))!, /1 failed\.$/);
    assert.equal(await page.locator("details[open] tbody tr").count(), 60);
    assert.equal(await page.evaluate("wasNeverLeft"), true);
    // A tenth counts as good. A figure that becomes wider moves itself by a hair.
    const moved = await page.evaluate<number>("shifts.reduce((sum, each) => sum + each, 0)");
    assert.ok(moved < 0.001, `${moved}`);
  });
});
