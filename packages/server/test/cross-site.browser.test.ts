/** What pages of others try in the name of who is signed in: in a real browser, from another site and from another port. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import type { Page } from "playwright-core";
import { withBrowser } from "../../../test/servers/browser.ts";
import { ada, startTestServer, type TestServer, withAda } from "./support/test-server.ts";

async function listening(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

/** Of a server that has to know its origin before it listens. */
async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listening(server);
  server.close();
  await once(server, "close");
  return port;
}

function form(action: string, fields: Record<string, string> = {}, enctype = ""): string {
  const inputs = Object.entries(fields).map(([name, value]) => `<input name="${name}" value='${value}'>`);
  return `<form method="post" action="${action}" ${enctype && `enctype="${enctype}"`} target="_blank">${inputs.join("")}<button>Win a prize</button></form>`;
}

/** A page full of forms and pictures. */
function bait(app: string): string {
  const guess = { csrf_token: "x".repeat(86), current: ada.password, new: "lemon hedgehog violin snail" };
  return `<!doctype html><title>Prizes</title>
    ${form(`${app}/logout`)}
    ${form(`${app}/devices/end-all`)}
    ${form(`${app}/devices/end-others`, { current_password: ada.password })}
    ${form(`${app}/account/password`, guess)}
    ${form(`${app}/session/stay`)}
    ${form(`${app}/api/logout`)}
    ${form(`${app}/api/login`, { '{"email":"eve@example.com","password":"': 'lemon hedgehog violin snail"}' }, "text/plain")}
    ${form(`${app}/login`, { email: "eve@example.com", password: "lemon hedgehog violin snail" })}
    <img src="${app}/logout"><img src="${app}/devices/end-all"><img src="${app}/api/sessions">
    <iframe src="${app}/devices"></iframe>`;
}

/** What a script of the page tries; each says what it got, and "blocked" is what it should get. */
const attempts = `async (app) => {
  const tried = (work) => work.then((it) => it, () => "blocked");
  const send = (method, path, more = {}) => tried(fetch(app + path, { method, credentials: "include", ...more }).then(({ status, type }) => type === "opaque" ? "unread" : status));
  const opened = (target) => new Promise((resolve) => {
    target.onopen = () => resolve("opened");
    target.onerror = () => { target.close(); resolve("blocked"); };
  });
  return {
    read: await send("GET", "/api/session"),
    token: await send("GET", "/api/csrf"),
    end: await send("DELETE", "/api/sessions"),
    json: await send("POST", "/api/logout", { headers: { "Content-Type": "application/json" } }),
    header: await send("POST", "/api/logout", { headers: { "X-CSRF-Token": "x" } }),
    blind: await send("POST", "/devices/end-others", { mode: "no-cors", body: new URLSearchParams({}) }),
    beacon: navigator.sendBeacon(app + "/logout", new URLSearchParams({})) ? "unread" : "blocked",
    events: await opened(new EventSource(app + "/api/session/events", { withCredentials: true })),
    socket: await opened(new WebSocket(app.replace("http", "ws") + "/api/session/events")),
  };
}`;

const nothingRead = {
  read: "blocked",
  token: "blocked",
  end: "blocked",
  json: "blocked",
  header: "blocked",
  blind: "blocked",
  events: "blocked",
  socket: "blocked",
};

async function pressEveryButton(evil: Page): Promise<void> {
  for (const button of await evil.getByRole("button").all()) {
    const opening = evil.context().waitForEvent("page");
    await button.click();
    const answer = await opening;
    await answer.waitForLoadState();
    const body = await answer.locator("body").innerText();
    assert.match(body, /could not be accepted|CSRF validation failed/);
    assert.doesNotMatch(body, /ada@example/);
    await answer.close();
  }
}

function alive(server: TestServer): unknown[] {
  return server.sql("SELECT id FROM coatcheck_sessions ORDER BY id");
}

// Proves WSTG-SESS-05, ASVS 3.5.1.
test("forms, pictures, frames and scripts of another site, or of another port of this one, act in nobody's name and read nothing", {
  timeout: 120_000,
}, async () => {
  const port = await freePort();
  const app = `http://app.localhost:${port}`;
  await using server = await startTestServer({
    env: { ...withAda, PORT: String(port), COATCHECK_ORIGIN: app },
  });
  await server.addUser({ email: "eve@example.com", password: "lemon hedgehog violin snail" });
  const others = createServer((_, response) => {
    response.setHeader("Content-Type", "text/html; charset=utf-8");
    response.end(bait(app));
  });
  const othersPort = await listening(others);
  try {
    await withBrowser(async (browser) => {
      const context = await browser.newContext();
      const page = await context.newPage();
      await page.goto(`${app}/login`);
      await page.getByLabel("E-mail address").fill(ada.email);
      await page.getByLabel("Password", { exact: true }).fill(ada.password);
      await page.getByRole("button", { name: "Sign in" }).click();
      await page.getByRole("heading", { name: "Your devices" }).waitFor();
      await server.running.sessions.create(
        String(server.sql("SELECT id FROM coatcheck_users WHERE email = ?", ada.email)[0]!.id),
      );
      const before = alive(server);
      assert.equal(before.length, 2);

      for (const host of ["evil.localhost", "app.localhost"]) {
        const evil = await context.newPage();
        await evil.goto(`http://${host}:${othersPort}/`);
        const { beacon, ...got } = await evil.evaluate<Record<string, unknown>>(
          `(${attempts})(${JSON.stringify(app)})`,
        );
        assert.deepEqual(got, nothingRead, host);
        assert.equal(beacon, "unread", "It was sent, and of no use");
        assert.match(await evil.frames()[1]!.url(), /^chrome-error:/, "No page is framed");
        await pressEveryButton(evil);
        await evil.close();
        assert.deepEqual(alive(server), before, host);
      }

      await page.reload();
      await page.getByRole("heading", { name: "Your devices" }).waitFor();
      assert.match(await page.getByRole("banner").innerText(), /ada@example\.com/);
      assert.equal(await page.locator(".device").count(), 2);
      // From our own page, the same deed is done: it was the origin that was refused, and nothing else.
      const own = await page.evaluate(
        "fetch('/api/csrf').then((it) => it.json()).then(({ csrfToken }) => fetch('/api/sessions/others', { method: 'DELETE', headers: { 'X-CSRF-Token': csrfToken } })).then((it) => it.json())",
      );
      assert.deepEqual(own, { ended: 1 });
    });
  } finally {
    others.closeAllConnections();
    others.close();
  }
});
