import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { visit, withBrowser } from "./browser.ts";

// Proves ASVS 3.3.4.
test("a real browser keeps a __Host- cookie on http://localhost and shows it to no script", async () => {
  const server = createServer((request, response) => {
    response.setHeader("Set-Cookie", "__Host-session=ticket; Path=/; Secure; HttpOnly; SameSite=Lax");
    response.end(`cookies: ${request.headers.cookie ?? "none"}`);
  }).listen(0);
  await once(server, "listening");
  const url = `http://localhost:${(server.address() as AddressInfo).port}/`;
  try {
    await withBrowser(async (browser) => {
      const page = await browser.newPage();
      await page.goto(url);
      assert.equal(await page.textContent("body"), "cookies: none");
      await page.reload();
      assert.equal(await page.textContent("body"), "cookies: __Host-session=ticket");
      assert.equal(await page.evaluate("document.cookie"), "");
    });
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

test("an address is visited although the page goes elsewhere first", async () => {
  const asked: string[] = [];
  const requests = new EventEmitter();
  const server = createServer((request, response) => {
    const { url = "" } = request;
    const isFirst = !asked.includes(url);
    asked.push(url);
    requests.emit(url);
    if (url !== "/wanted" || !isFirst) response.end(url);
  }).listen(0);
  await once(server, "listening");
  const origin = `http://localhost:${(server.address() as AddressInfo).port}`;
  try {
    await withBrowser(async (browser) => {
      const page = await browser.newPage();
      const request = once(requests, "/wanted");
      const visiting = visit(page, `${origin}/wanted`);
      await request;
      await Promise.allSettled([page.goto(`${origin}/elsewhere`), visiting]);
      await visiting;
      assert.equal(await page.textContent("body"), "/wanted");
      assert.ok(asked.filter((url) => url === "/wanted").length > 1, "The first visit was interrupted");
    });
  } finally {
    server.closeAllConnections();
    server.close();
  }
});
