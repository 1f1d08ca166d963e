/** How much a page makes a browser load, and to whom it is sent compressed. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { ada, startTestServer, withAda } from "./support/test-server.ts";

const most = 60 * 1024;

test("no page and what it loads is more than 60 KB compressed, and everything comes from this server", async () => {
  await using server = await startTestServer({
    env: { ...withAda, COATCHECK_SMTP_URL: "smtp://127.0.0.1:9" },
  });
  const visitor = server.visitor();
  const stranger = server.visitor();
  await visitor.signIn(ada);
  for (const path of [
    "/login",
    "/forgot",
    "/reset",
    "/docs",
    "/nowhere",
    "/devices",
    "/history",
    "/account",
    "/welcome",
    "/admin",
    "/admin/users",
    "/admin/users/new",
    "/admin/sessions",
    "/admin/audit",
  ]) {
    const isOpen = ["/login", "/forgot", "/reset"].includes(path);
    const { text } = await (isOpen ? stranger : visitor).get(path);
    const loaded = [...text.matchAll(/<(?:script|link|img)[^>]*(?:src|href)="([^"#][^"]*)"/g)].map(
      ([, url]) => url!,
    );
    assert.ok(loaded.length >= 2, path);
    let weight = gzipSync(text).length;
    for (const url of loaded) {
      assert.match(url, /^\/assets\//, path);
      const { status, text: asset } = await stranger.get(url);
      assert.equal(status, 200, url);
      assert.doesNotMatch(asset, /@import|url\((?!['"]?#)/, url);
      weight += gzipSync(asset).length;
    }
    assert.ok(weight < most, `${path}: ${weight} bytes`);
  }
});

test("a page is compressed for whoever asked for it themselves, and its length tells nothing to another site (BREACH)", async () => {
  await using server = await startTestServer();
  const visitor = await server.signedIn();
  const encoding = async (path: string, site?: string) => {
    const headers = { accept: "text/html", ...(site && { "sec-fetch-site": site }) };
    const { headers: answered } = await visitor.send("GET", path, { headers });
    return answered.get("content-encoding");
  };
  for (const site of ["same-origin", "none"]) assert.equal(await encoding("/devices", site), "gzip", site);
  for (const site of ["cross-site", "same-site", undefined])
    assert.equal(await encoding("/devices", site), null);
  assert.equal(await encoding("/api/sessions", "same-origin"), null);
  assert.equal(await encoding("/admin/audit", "same-origin"), "gzip");
  assert.equal(await encoding("/live/admin/audit", "same-origin"), null, "It is no reader who asks for it");
  const [style] = /\/assets\/style[^"]+/.exec((await visitor.get("/devices")).text)!;
  assert.equal(await encoding(style), "gzip");
});
