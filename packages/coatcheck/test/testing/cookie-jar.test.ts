import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { CookieJar } from "../../src/testing/cookie-jar.ts";

function jarWith(...setCookies: readonly string[]): CookieJar {
  const jar = new CookieJar();
  for (const setCookie of setCookies) jar.store(setCookie);
  return jar;
}

describe("CookieJar", () => {
  test("sends back what it was given", () => {
    assert.equal(jarWith("a=1; HttpOnly", "b=x=y; Path=/").header("/"), "a=1; b=x=y");
    assert.equal(jarWith().header("/"), undefined);
  });

  test("keeps one cookie per name and path, the last", () => {
    assert.equal(jarWith("a=1", "a=2").header("/"), "a=2");
    assert.equal(jarWith("a=1; Path=/", "a=2; Path=/app").header("/app"), "a=1; a=2");
  });

  test("removes a cookie only by the attributes it was set with", () => {
    assert.equal(jarWith("a=1; Path=/app", "a=; Max-Age=0").header("/app"), "a=1");
    assert.equal(jarWith("a=1; Path=/app", "a=; Max-Age=0; Path=/app").header("/app"), undefined);
  });

  test("sends a cookie at and below its path", () => {
    const jar = jarWith("a=1; Path=/app");
    for (const path of ["/app", "/app/", "/app/x", "/app?x=/y"]) assert.equal(jar.header(path), "a=1", path);
    for (const path of ["/", "/apple", "/x/app", "/?/app"]) assert.equal(jar.header(path), undefined, path);
  });

  test("refuses prefixed cookies that break the rules of their prefix, in any case", () => {
    const refused = [
      "__Host-a=1; Path=/",
      "__Host-a=1; Secure; Path=/app",
      "__HOST-a=1; Secure; Domain=example.com",
      "__Secure-a=1",
      "__Host-a=; Max-Age=0",
    ];
    assert.equal(jarWith("__Host-a=kept; Secure; Path=/", ...refused).header("/"), "__Host-a=kept");
  });
});
