/** A walk through every page of the server, in each state that people see: for whoever looks at all of them. */
import { DatabaseSync } from "node:sqlite";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { SqliteFigures } from "../../src/figures/sqlite-figures.ts";
import type { Language } from "../../src/words/language.ts";
import { type Words, wordsIn } from "../../src/words/words.ts";
import { madeUpAlive, madeUpMonth } from "./made-up-month.ts";
import { ada, startTestServer, type TestServer, withAda } from "./test-server.ts";

/** Is shown a page, under a name that no other page has. */
export type Look = (name: string, page: Page) => Promise<void>;

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

const userAgents = {
  phone:
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
  desktop: "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0",
  program: "curl/8.5.0",
};

/** Nothing listens there: the pages are as they are where mail is sent. */
const withMail = { COATCHECK_SMTP_URL: "smtp://127.0.0.1:9" };

export async function tour(browser: Browser, language: Language, look: Look): Promise<void> {
  const context = await browser.newContext({ locale: language });
  try {
    await beforeAnybody(context, language, look);
    await strangers(context, language, look);
    await signedIn(context, language, look);
  } finally {
    await context.close();
  }
}

/** The first start of a server. */
async function beforeAnybody(context: BrowserContext, language: Language, look: Look): Promise<void> {
  const { setup } = wordsIn(language);
  await using server = await startTestServer({ env: {} });
  const page = await context.newPage();
  await page.goto(server.running.setupLink!);
  await look("setup", page);
  await page.getByLabel(setup.email).fill("ada");
  await page.locator("[name=password]").fill("short");
  await page.getByRole("button", { name: setup.submit }).click();
  await page.locator(".summary").waitFor();
  await look("setup-wrong", page);
  await page.getByLabel(setup.email).fill(ada.email);
  await page.locator("[name=password]").fill(ada.password);
  await page.getByRole("button", { name: setup.submit }).click();
  await page.waitForURL("**/welcome");
  await look("welcome", page);
  await page.goto(`${server.origin}/devices`);
  await look("devices-alone", page);
  await page.goto(`${server.origin}/history?view=failed`);
  await look("history-empty", page);
  await context.clearCookies();
  await page.goto(`${server.origin}/forgot`);
  await look("forgot-without-mail", page);
  await page.close();
}

async function strangers(context: BrowserContext, language: Language, look: Look): Promise<void> {
  const { signIn, forgot } = wordsIn(language);
  await using server = await startTestServer({ env: { ...withAda, ...withMail } });
  const page = await context.newPage();
  await page.goto(`${server.origin}/login`);
  await look("sign-in", page);
  const wrong = { ...ada, password: "not the password" };
  const signInWrongly = async () => {
    await page.getByLabel(signIn.email).fill(wrong.email);
    await page.locator("[name=password]").fill(wrong.password);
    await page.getByRole("button", { name: signIn.submit }).click();
    await page.locator(".summary").waitFor();
  };
  await signInWrongly();
  await look("sign-in-wrong", page);
  for (let times = 0; times < 11; times++) {
    server.clock.now += 15 * minute;
    await server.visitor().submit("/login", wrong);
  }
  await signInWrongly();
  await page.locator("[data-wait]").waitFor();
  await look("sign-in-throttled", page);
  for (const path of [
    "/login?done=signed-out",
    "/forgot",
    "/reset",
    "/end-session?code=x",
    "/nowhere",
    "/docs",
  ]) {
    await page.goto(`${server.origin}${path}`);
    await look(path.slice(1).replaceAll(/\W+/g, "-"), page);
  }
  await page.goto(`${server.origin}/forgot`);
  await page.getByRole("button", { name: forgot.submit }).click();
  await page.locator(".summary").waitFor();
  await look("forgot-wrong", page);
  await page.goto(`${server.origin}/end-session?code=x`);
  await page.locator("main button").click();
  await page.waitForLoadState();
  await look("end-session-not-good", page);
  await page.close();
}

async function signedIn(context: BrowserContext, language: Language, look: Look): Promise<void> {
  const words = wordsIn(language);
  await using server = await startTestServer({ env: { ...withAda, ...withMail } });
  await otherDevices(server);
  const page = await context.newPage();
  await page.goto(`${server.origin}/login?next=/account`);
  await page.getByLabel(words.signIn.email).fill(ada.email);
  await page.locator("[name=password]").fill(ada.password);
  await page.getByRole("button", { name: words.signIn.submit }).click();
  await page.waitForURL("**/account");
  await look("account", page);
  await page.locator("form[action='/account/password'] button:not([hidden], .reveal)").click();
  await page.locator(".summary").waitFor();
  await look("account-wrong", page);
  await server.running.flushAudit();
  for (const path of ["/devices", "/devices/end-others", "/devices/end-all", "/history"]) {
    await page.goto(`${server.origin}${path}`);
    await look(path.slice(1).replaceAll("/", "-"), page);
  }
  await page.goto(`${server.origin}/devices`);
  await page.locator(".device .button").first().click();
  await page.waitForURL("**/devices/end?**");
  await look("devices-end", page);
  await administration(server, page, words, look);
  await triedCalls(server, page, words, look);
  await page.goto(`${server.origin}/devices`);
  await page.locator(".device .button").first().click();
  await page.waitForURL("**/devices/end?**");
  server.clock.now += 20 * minute;
  await page.locator("main form button").click();
  await page.locator("[name=current_password]").waitFor();
  await look("confirm", page);
  server.clock.now += 28.5 * minute;
  await page.evaluate("dispatchEvent(new Event('visibilitychange'))");
  await page.locator("dialog[open] [role=timer]:visible").waitFor();
  await look("idle-warning", page);
  await page.close();
}

async function administration(
  server: TestServer,
  page: Page,
  { admin, signIn }: Words,
  look: Look,
): Promise<void> {
  const person = { email: "grace.hopper@example.com", password: "lemon hedgehog violin snail" };
  await server.addUser(person);
  await server.visitor(userAgents.phone).signIn(person);
  await overview(server, page, look);
  await server.addUser({ ...person, email: "grace.hopper@example.org" });
  await page.goto(`${server.origin}/admin/users/new`);
  await page.getByLabel(signIn.email).fill("barbara");
  await page.getByRole("button", { name: admin.newUser.submit }).click();
  await page.locator(".summary").waitFor();
  await look("admin-users-new-wrong", page);
  await page.getByLabel(signIn.email).fill("barbara@example.com");
  await page.getByRole("button", { name: admin.newUser.submit }).click();
  await page.locator("#link").waitFor();
  await look("admin-users-new-link", page);
  await page.locator("main a.button").click();
  await page.waitForURL("**/admin/users/*");
  await look("admin-user-never-signed-in", page);
  await page.goto(`${server.origin}/admin/users`);
  await look("admin-users", page);
  await page.goto(`${server.origin}/admin/users?search=nobody`);
  await look("admin-users-nobody", page);
  await page.goto(`${server.origin}/admin/users/${encodeURIComponent(`id of ${person.email}`)}`);
  await look("admin-user", page);
  await page.getByRole("link", { name: admin.disable.submit }).click();
  await page.waitForURL("**/disable");
  await look("admin-user-disable", page);
  await page.locator("main form button").click();
  await page.locator(".notice").waitFor();
  await look("admin-user-disabled", page);
  await server
    .visitor(userAgents.program)
    .signIn({ email: "grace.hopper@example.org", password: person.password });
  await page.goto(`${server.origin}/admin/sessions`);
  await look("admin-sessions", page);
  await page.goto(`${server.origin}/admin/sessions?user=grace.hopper@example.org`);
  await look("admin-sessions-of-one", page);
  await page.locator(".found .button").first().click();
  await page.waitForURL("**/admin/sessions/end?**");
  await look("admin-sessions-end", page);
  await page.locator("main form button").click();
  await page.locator(".notice").waitFor();
  await look("admin-sessions-ended", page);
  await page.goto(`${server.origin}/admin/sessions?user=grace`);
  await look("admin-sessions-whom", page);
  await page.goto(`${server.origin}/admin/sessions?device=opera`);
  await look("admin-sessions-nothing", page);
  await server.running.flushAudit();
  await page.goto(`${server.origin}/admin/audit`);
  await look("admin-audit", page);
  await page.getByRole("button", { name: admin.audit.check }).click();
  await page.locator(".notice").waitFor();
  await look("admin-audit-checked", page);
  await page.goto(`${server.origin}/admin/audit?user=nobody`);
  await look("admin-audit-nothing", page);
}

/** Before anything happened, and with a busy month behind it, of which every hour and minute is made up by rule. */
async function overview(server: TestServer, page: Page, look: Look): Promise<void> {
  await server.running.flushFigures();
  await page.goto(`${server.origin}/admin`);
  await page.locator(".live-state.on").waitFor();
  await look("admin-overview-quiet", page);
  const batches = madeUpMonth(server.clock.now);
  const database = new DatabaseSync(server.database);
  try {
    const figures = new SqliteFigures(database);
    for (const batch of batches) await figures.add(batch);
    await figures.noteCensus(
      { countedAt: server.clock.now, alive: madeUpAlive(server.clock.now) },
      server.clock.now + day,
    );
  } finally {
    database.close();
  }
  for (const period of ["hour", "month"]) {
    await page.goto(`${server.origin}/admin?period=${period}`);
    await page.locator(".live-state.on").waitFor();
    if (period === "hour") await page.locator("summary").click();
    await look(`admin-overview-${period}`, page);
  }
}

/** An answer and a refusal, in the API reference. */
async function triedCalls(server: TestServer, page: Page, { docs }: Words, look: Look): Promise<void> {
  await page.goto(`${server.origin}/docs`);
  for (const [call, button] of [
    ["#getSession", docs.send],
    ["#endSession", docs.doIt],
  ]) {
    const details = page.locator(".call", { has: page.locator(call!) });
    await details.locator("summary").click();
    const id = details.getByLabel("id");
    if ((await id.count()) > 0) await id.fill("nobody");
    await details.getByRole("button", { name: button! }).click();
    await details.locator(".came").waitFor();
  }
  await look("docs-tried", page);
}

/** A phone, a computer, a program, and a browser that is only remembered. */
async function otherDevices(server: TestServer): Promise<void> {
  await server.visitor(userAgents.desktop).signIn(ada, true);
  server.clock.now += 3 * day + 2 * hour;
  for (const userAgent of [userAgents.phone, userAgents.program]) {
    await server.visitor(userAgent).signIn(ada);
    server.clock.now += 11 * minute;
  }
  const stranger = server.visitor();
  await stranger.submit("/login", { ...ada, password: "not the password" });
}
