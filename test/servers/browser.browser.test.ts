import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { withBrowser } from "./browser.ts";

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
