/** What pages do for people beyond showing themselves: in a real browser, with script and without. */
import assert from "node:assert/strict";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { IncomingMessage } from "node:http";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { oneBrowser } from "../../../test/servers/browser.ts";
import { languages } from "../src/words/language.ts";
import { layoutShifts } from "./support/page-measures.ts";
import { ada, startTestServer, type TestServer } from "./support/test-server.ts";
import { TwoPieces } from "./support/two-pieces.ts";

const withBrowser = oneBrowser();

const minute = 60_000;
const timeout = 120_000;

async function newPage(browser: Browser, options: BrowserContextOptions = {}): Promise<Page> {
  return (await browser.newContext(options)).newPage();
}

async function signIn(page: Page, server: TestServer): Promise<void> {
  await page.goto(`${server.origin}/login`);
  await page.locator("[name=email]").fill(ada.email);
  await page.locator("[name=password]").fill(ada.password);
  await page.locator("main form button:not(.reveal)").click();
  await page.waitForURL("**/devices");
}

function userIds(server: TestServer): string[] {
  return server.sql("SELECT id FROM coatcheck_users").map(({ id }) => String(id));
}

/** Lets time pass for the server and for the page. */
async function pass(milliseconds: number, server: TestServer, page: Page): Promise<void> {
  server.clock.now += milliseconds;
  await page.clock.fastForward(milliseconds);
}

test("a page that is left open warns before the session ends, and asking keeps nobody signed in (NIST 5.2, WCAG 2.2.1)", {
  timeout,
}, async () => {
  await using server = await startTestServer();
  await withBrowser(async (browser) => {
    const page = await newPage(browser);
    await page.clock.install();
    await signIn(page, server);
    const warning = page.getByRole("dialog", { name: "Are you still there?" });
    const signedInAt = server.clock.now;
    const ends = async () => Number(server.sql("SELECT expires_at FROM coatcheck_sessions")[0]!.expires_at);
    assert.equal(await ends(), signedInAt + 30 * minute);

    await pass(27 * minute, server, page);
    assert.equal(await warning.isVisible(), false);
    await pass(1.5 * minute, server, page);
    await warning.waitFor();
    assert.match(await warning.innerText(), /signed out in 1:[0-3]\d/);
    await page.keyboard.press("Escape");
    assert.equal(await warning.isVisible(), true, "Escape is no answer");
    assert.equal(await ends(), signedInAt + 30 * minute, "Asking was no use");
    assert.match(await page.locator("dialog button:focus").innerText(), /Stay signed in/);

    await warning.getByRole("button", { name: "Stay signed in" }).press("Enter");
    await warning.waitFor({ state: "hidden" });
    assert.equal(await ends(), server.clock.now + 30 * minute);
    assert.equal(new URL(page.url()).pathname, "/devices");

    await pass(28.5 * minute, server, page);
    await warning.waitFor();
    await pass(2 * minute, server, page);
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
    assert.match(await page.getByRole("status").innerText(), /you were away for too long/);
    assert.equal(new URL(page.url()).search, "?next=%2Fdevices");
  });
});

test("who goes on in another tab is not asked in this one, and who signs out there sees nothing here", {
  timeout,
}, async () => {
  await using server = await startTestServer();
  await withBrowser(async (browser) => {
    const page = await newPage(browser);
    await page.clock.install();
    await signIn(page, server);
    const warning = page.getByRole("dialog");
    await pass(28.5 * minute, server, page);
    await warning.waitFor();
    const other = await page.context().newPage();
    await other.goto(`${server.origin}/account`);
    await server.running.sessions.close();
    await page.clock.runFor(6_000);
    await warning.waitFor({ state: "hidden" });

    await other.getByRole("button", { name: "Sign out", exact: true }).click();
    await other.getByRole("heading", { name: "Sign in" }).waitFor();
    await page.evaluate("dispatchEvent(new Event('visibilitychange'))");
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
  });
});

// Proves ASVS 7.4.1, WSTG-ATHN-06.
test("a page that the browser kept alive shows nothing after a sign-out (ASVS 14.3.1)", {
  timeout,
}, async () => {
  await using server = await startTestServer();
  await withBrowser(async (browser) => {
    const page = await newPage(browser);
    await signIn(page, server);
    // The page of devices would leave by itself.
    await page.goto(`${server.origin}/account`);
    await server.running.sessions.revokeAll(userIds(server)[0]!);
    await page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))");
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
    assert.match(await page.getByRole("status").innerText(), /this device was signed out/);
  });
});

test("a remembered browser is warned of nothing: it comes back by itself", { timeout }, async () => {
  await using server = await startTestServer();
  await withBrowser(async (browser) => {
    const page = await newPage(browser);
    await page.goto(`${server.origin}/login`);
    await page.getByRole("checkbox").check();
    await page.locator("[name=email]").fill(ada.email);
    await page.locator("[name=password]").fill(ada.password);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.waitForURL("**/devices");
    assert.equal(await page.locator("dialog").count(), 0);
  });
});

test("the history tells what happened, to its own user alone", { timeout }, async () => {
  await using server = await startTestServer();
  const eve = { email: "eve@example.com", password: "lemon hedgehog violin snail" };
  await server.addUser(eve);
  await server.visitor("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0").signIn(eve);
  server.clock.now += 1_000;
  await server.visitor().submit("/login", { ...ada, password: "not the password" });
  server.clock.now += 1_000;
  await withBrowser(async (browser) => {
    const page = await newPage(browser, { javaScriptEnabled: false });
    await signIn(page, server);
    await server.running.flushAudit();
    await page.getByRole("link", { name: "History" }).click();
    const lines = page.locator(".happenings > li");
    assert.match(
      await lines.nth(0).innerText(),
      /^Signed in\s+Chrome on Linux, 127\.0\.0\.1 · this session\s+just now$/,
    );
    assert.match(await lines.nth(1).innerText(), /^Sign-in failed: wrong password\s+Firefox on Windows/);
    assert.match((await lines.nth(0).locator("time").getAttribute("title"))!, /\d{4}, \d\d:\d\d:\d\d UTC$/);
    assert.doesNotMatch(await page.locator("main").innerText(), /Firefox on Linux/);
    await page.getByRole("link", { name: "Failed sign-ins" }).click();
    await page.waitForURL((url) => url.search !== "");
    assert.equal(await lines.count(), 1);
  });
});

test("pages are painted before any script has come", { timeout }, async () => {
  await using server = await startTestServer();
  await withBrowser(async (browser) => {
    const page = await newPage(browser);
    await signIn(page, server);
    // They never come.
    await page.route("**/*.js", () => {});
    for (const path of ["/devices", "/account", "/docs"]) {
      const asked = page.waitForRequest("**/*.js");
      await page.goto(`${server.origin}${path}`, { waitUntil: "commit" });
      await asked;
      await page.getByRole("heading", { level: 1 }).waitFor();
      await page.evaluate(`new Promise((resolve) => {
        const painted = (list) => list.getEntriesByName("first-contentful-paint").length === 1 && resolve();
        new PerformanceObserver(painted).observe({ type: "paint", buffered: true });
      })`);
    }
  });
});

/** Time enough for a browser to paint what it has. Frames cannot be counted: a page that is not to be painted has none. */
const framesGoBy = "new Promise((done) => setTimeout(done, 100))";

/** When something of the page was painted first, and when its last byte had come. */
const paintedAndCome = `new Promise((resolve) => {
  const [{ responseEnd }] = performance.getEntriesByType("navigation");
  new PerformanceObserver((list) => {
    const [paint] = list.getEntriesByName("first-contentful-paint");
    if (paint) resolve([paint.startTime, responseEnd]);
  }).observe({ type: "paint", buffered: true });
})`;

test("a page of which a part has come is not painted before the rest is there, so that nothing moves, in each language", {
  timeout,
}, async () => {
  await using server = await startTestServer();
  await server.addUser({ email: "grace.hopper@example.com", password: "lemon hedgehog violin snail" });
  await server.visitor("curl/8.5.0").signIn(ada);
  for (let times = 0; times < 3; times++)
    await server.visitor().submit("/login", { ...ada, password: "not the password" });
  await using line = await TwoPieces.before(server.origin);
  const paths = ["/devices", "/devices/end-all", "/admin/users", "/admin/sessions", "/admin/audit"];
  await withBrowser(async (browser) => {
    for (const locale of languages) {
      const page = await newPage(browser, { locale });
      await signIn(page, server);
      await server.running.flushAudit();
      for (const path of paths) {
        for (line.share of [0.37, 0.5, 0.6, 0.69, 0.75]) {
          const at = `${locale} ${path}, after ${line.share}`;
          await page.goto(line.origin + path, { waitUntil: "commit" });
          await page.locator("header").waitFor({ state: "attached" });
          await page.evaluate(framesGoBy);
          line.rest();
          await page.waitForLoadState();
          assert.deepEqual(await layoutShifts(page), [], at);
          const [painted, come] = await page.evaluate<[number, number]>(paintedAndCome);
          assert.ok(painted >= come, `${at}: painted ${painted} ms, come ${come} ms after it was asked for`);
        }
      }
    }
  });
});

// Proves ASVS 6.2.6.
test("what was typed as a password can be looked at, where there is script", { timeout }, async () => {
  await using server = await startTestServer();
  await withBrowser(async (browser) => {
    const page = await newPage(browser);
    await page.goto(`${server.origin}/login`);
    const password = page.locator("[name=password]");
    await password.fill("tea kettle");
    await page.getByRole("button", { name: "Show password" }).click();
    assert.equal(await password.getAttribute("type"), "text");
    await page.locator("[name=password]:focus").waitFor();
    await page.getByRole("button", { name: "Hide password" }).click();
    assert.equal(await password.getAttribute("type"), "password");
    const without = await newPage(browser, { javaScriptEnabled: false });
    await without.goto(`${server.origin}/login`);
    assert.equal(await without.locator(".reveal").isVisible(), false);
  });
});

test("who has to wait sees the seconds go by, or without script how many there are", {
  timeout,
}, async () => {
  await using server = await startTestServer();
  const wrong = { ...ada, password: "not the password" };
  for (let times = 0; times < 5; times++) await server.visitor().submit("/login", wrong);
  await withBrowser(async (browser) => {
    for (const javaScriptEnabled of [true, false]) {
      const page = await newPage(browser, { javaScriptEnabled });
      if (javaScriptEnabled) await page.clock.install({ time: 0 });
      await page.goto(`${server.origin}/login`);
      if (javaScriptEnabled) await page.clock.pauseAt(60 * minute);
      await page.locator("[name=email]").fill(ada.email);
      await page.locator("[name=password]").fill(wrong.password);
      await page.getByRole("button", { name: "Sign in" }).click();
      const summary = page.locator(".summary");
      await summary.waitFor();
      assert.match(await summary.innerText(), /Too many attempts failed\. Try again in 1 second\./);
      assert.equal(await page.locator("[name=email]").inputValue(), ada.email);
      if (!javaScriptEnabled) continue;
      await page.clock.runFor(1_500);
      await page.getByText("You can try again now.").waitFor();
    }
  });
});

test("the devices page of a session that is ended elsewhere leads to the sign-in page by itself, which tells why", {
  timeout,
}, async () => {
  await using server = await startTestServer();
  await withBrowser(async (browser) => {
    const page = await newPage(browser);
    const opened = page.waitForResponse("**/api/session/events");
    await signIn(page, server);
    assert.equal((await opened).status(), 200);
    const other = await server.signedIn();
    assert.equal((await other.call("DELETE", "/api/sessions/others")).status, 200);
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
    assert.equal(new URL(page.url()).search, "?next=%2Fdevices");
    assert.match(await page.getByRole("status").innerText(), /from your list of devices/);
    assert.equal(await other.isSignedIn(), true);
  });
});

test("a page that begins to listen when its session has ended leaves all the same", { timeout }, async () => {
  await using server = await startTestServer();
  await withBrowser(async (browser) => {
    const page = await newPage(browser);
    await page.route("**/api/session/events", async (route) => {
      await server.running.sessions.revokeAll(userIds(server)[0]!);
      await route.continue();
    });
    await signIn(page, server);
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
    assert.equal(new URL(page.url()).search, "?next=%2Fdevices");
  });
});

test("a page that is left asks for nothing any more", { timeout }, async () => {
  await using server = await startTestServer();
  const asked: string[] = [];
  const note = (message: unknown) => asked.push((message as { request: IncomingMessage }).request.url!);
  subscribe("http.server.request.start", note);
  try {
    await withBrowser(async (browser) => {
      const page = await newPage(browser);
      await signIn(page, server);
      while (!asked.includes("/api/session/events")) await delay(10);
      // Before the answer to what it listens to has come.
      for (const path of ["/devices", "/history", "/devices", "/account", "/history"])
        await page.goto(server.origin + path);
    });
  } finally {
    unsubscribe("http.server.request.start", note);
  }
  assert.ok(!asked.includes("/session/deadline"), asked.join("\n"));
});
