/** The API reference: read with script or without, and its calls tried as whoever is signed in. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { Locator, Page } from "playwright-core";
import { oneBrowser } from "../../../test/servers/browser.ts";
import { ada, startTestServer } from "./support/test-server.ts";

const withBrowser = oneBrowser();

const minute = 60_000;

/** Opens a call of the reference. */
async function open(page: Page, call: string): Promise<Locator> {
  const [method, path] = call.split(" ");
  const details = page.locator(".call").filter({
    has: page.locator(`.try[data-method="${method}"][data-path="${path}"]`),
  });
  if (!(await details.evaluate("it => it.open"))) await details.locator("summary").click();
  return details;
}

/** Tries it, and gives what is shown of the answer as soon as it begins. */
async function begun(call: Locator, status: number): Promise<Locator> {
  await call.locator(".try .actions button").first().click();
  const outcome = call.locator(".outcome");
  await outcome.locator(".came", { hasText: String(status) }).waitFor();
  return outcome;
}

/** Tries it, and gives what is shown of the answer, an object, when all of it is there. */
async function tried(call: Locator, status: number): Promise<string> {
  const outcome = await begun(call, status);
  const body = outcome.locator("pre").first();
  while (!(await body.textContent())?.startsWith("{\n")) await delay(10);
  return outcome.innerText();
}

test("calls are tried from the page of the API, with the session and its CSRF token, and what is refused is explained", {
  timeout: 120_000,
}, async () => {
  await using server = await startTestServer();
  const other = await server.signedIn();
  await withBrowser(async (browser) => {
    const context = await browser.newContext();
    const page = await context.newPage();
    const tokens: (string | undefined)[] = [];
    page.on("request", (request) => {
      if (request.method() !== "GET") tokens.push(request.headers()["x-csrf-token"]);
    });
    const violations: string[] = [];
    page.on("console", (message) => {
      if (/Content Security Policy/.test(message.text())) violations.push(message.text());
    });
    await page.goto(`${server.origin}/docs`);
    const session = await open(page, "GET /api/session");
    assert.match(await tried(session, 401), /^401 Unauthorized\s+Not signed in\s/);

    await page.getByRole("main").getByRole("link", { name: "Sign in" }).click();
    await page.getByLabel("E-mail address").fill(ada.email);
    await page.locator("[name=password]").fill(ada.password);
    await page.locator("main form button:not(.reveal)").click();
    await page.waitForURL("**/docs");
    assert.match(
      await page.getByRole("main").innerText(),
      /it is sent as ada@example\.com, and done for real/,
    );
    assert.match(
      await tried(await open(page, "GET /api/session"), 200),
      /^200 OK\s[\s\S]*"email": "ada@example\.com"[\s\S]*content-type: application\/json/,
    );

    const endOthers = await open(page, "DELETE /api/sessions/others");
    assert.match(await endOthers.innerText(), /done for real, and at once: End all sessions but this one\./);
    assert.equal(await other.isSignedIn(), true);
    tokens.length = 0;
    assert.match(await tried(endOthers, 200), /"ended": 1/);
    assert.match(tokens.join(), /^[\w-]{40,}$/);
    assert.equal(await other.isSignedIn(), false);

    const endOne = await open(page, "DELETE /api/sessions/{id}");
    for (const dots of ["", ".", ".."]) {
      await endOne.getByLabel("id").fill(dots);
      await endOne.getByRole("button", { name: "Do it" }).click();
      assert.equal(await endOne.locator(".came").count(), 0, "Another path was meant by nobody");
    }
    await endOne.getByLabel("id").fill("a/../others");
    assert.match(await tried(endOne, 404), /^404 Not Found\s+You have no session of this id\./);

    const create = await open(page, "POST /api/admin/users");
    await create.getByLabel("email").fill("nobody");
    assert.match(await tried(create, 422), /^422 Unprocessable Entity\s+Invalid input\s+email: /);
    await create.getByLabel("email").fill("grace@example.com");
    await create.getByLabel("admin").check();
    assert.match(await tried(create, 201), /"roles": \[\s+"admin",\s+"user"\s+\]/);
    const list = await open(page, "GET /api/admin/users");
    await list.getByLabel("search").fill("grace");
    assert.doesNotMatch(await tried(list, 200), /ada@example/);

    const events = await open(page, "GET /api/session/events");
    assert.match(await (await begun(events, 200)).innerText(), /text\/event-stream/);
    await events.getByRole("button", { name: "Stop" }).click();
    await events.getByRole("button", { name: "Stop" }).waitFor({ state: "hidden" });

    server.clock.now += 11 * minute;
    assert.match(await tried(endOthers, 403), /^403 Forbidden\s+Recent authentication required\s+Confirm/);
    await endOthers.getByRole("link", { name: "POST /api/reauthenticate" }).click();
    const confirm = page.locator("#reauthenticate");
    await confirm.getByLabel("password").fill(ada.password);
    assert.match(await tried(confirm, 200), /"amr"/);
    assert.match(await tried(endOthers, 200), /"ended": 0/);

    const shown = page.locator(".outcome", { hasText: ada.email });
    const isTold = (who: RegExp) => page.getByRole("main").getByText(who).waitFor();
    assert.ok((await shown.count()) > 0);
    const signOut = await open(page, "POST /api/logout");
    await signOut.getByRole("button", { name: "Do it" }).click();
    await isTold(/for those that need a session/);
    assert.equal(await shown.count(), 0, "What was tried is gone with its session");
    const signIn = await open(page, "POST /api/login");
    await signIn.getByLabel("email").fill(ada.email);
    await signIn.getByLabel("password").fill(ada.password);
    await signIn.getByRole("button", { name: "Do it" }).click();
    await isTold(/it is sent as ada@example\.com/);
    await tried(await open(page, "GET /api/session"), 200);
    assert.ok((await shown.count()) > 0);
    const otherTab = await context.newPage();
    await otherTab.goto(`${server.origin}/account`);
    await otherTab.getByRole("button", { name: "Sign out", exact: true }).click();
    await otherTab.getByRole("heading", { name: "Sign in" }).waitFor();
    await isTold(/for those that need a session/);
    assert.equal(await shown.count(), 0, "It is gone, too, after a sign-out in another tab");
    await page.goto(`${server.origin}/login`);
    await page.goBack();
    await isTold(/for those that need a session/);
    assert.doesNotMatch(await page.locator("body").innerText(), /ada@example/, "Nor does Back bring it");
    assert.equal(await page.evaluate("localStorage.length + sessionStorage.length"), 0);
    assert.deepEqual(violations, []);
  });
});

test("without script the page of the API documents everything and offers nothing that it cannot do", {
  timeout: 120_000,
}, async () => {
  await using server = await startTestServer();
  const { paths } = (await server.visitor().send("GET", "/openapi.json")).json();
  await withBrowser(async (browser) => {
    const page = await (await browser.newContext({ javaScriptEnabled: false, locale: "ru" })).newPage();
    await page.goto(`${server.origin}/docs`);
    const calls = Object.values<object>(paths).flatMap((methods) => Object.keys(methods));
    assert.equal(await page.locator(".call").count(), calls.length);
    assert.equal(await page.locator(".try:visible").count(), 0);
    const list = page.locator(".call", { hasText: "GET /api/admin/users List" });
    await list.locator("summary").click();
    assert.match(
      await list.innerText(),
      /Параметры\s+limit integer, необязательно[\s\S]*Ответы\s+200\s+A page of users\.[\s\S]*"disabled": true/,
    );
    await page.goto(`${server.origin}/docs#endOtherSessions`);
    await page.locator("#endOtherSessions").waitFor();
  });
});
