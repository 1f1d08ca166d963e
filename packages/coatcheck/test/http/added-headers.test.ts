import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { addHeaders, forAnybody, forOne } from "../../src/http/added-headers.ts";

describe("the headers of an answer that depends on the cookies", () => {
  for (const [own, vary] of [
    [undefined, "Cookie"],
    ["", "Cookie"],
    ["Origin", "Origin, Cookie"],
    ["Cookies", "Cookies, Cookie"],
    ["origin ,COOKIE", "origin ,COOKIE"],
    ["*", "*"],
    ["Origin, *", "Origin, *"],
  ] as const) {
    test(`with Vary: ${own} they say ${vary}`, () => {
      const headers = new Headers(own === undefined ? {} : { vary: own });
      addHeaders(headers, forAnybody);
      assert.equal(headers.get("vary"), vary);
      assert.equal(headers.get("cache-control"), null);
    });
  }

  for (const [own, cookies, cacheControl] of [
    [undefined, [], "no-store"],
    ["private, max-age=60", [], "private, max-age=60"],
    ["public", ["a=b", "c=d"], "no-store"],
  ] as const) {
    test(`with Cache-Control: ${own} and ${cookies.length} cookies they say ${cacheControl} (CVE-2023-30861, CVE-2026-27205)`, () => {
      const headers = new Headers(own === undefined ? {} : { "cache-control": own });
      addHeaders(headers, { ...forOne, "Set-Cookie": cookies });
      assert.equal(headers.get("cache-control"), cacheControl);
      assert.deepEqual(headers.getSetCookie(), cookies);
    });
  }
});
