import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { nextPath } from "../src/pages/next-path.ts";

describe("where to go after signing in", () => {
  for (const path of ["/", "/devices", "/account", "/admin/users", "/admin/audit?page=2&user=ada.l"]) {
    test(`may be ${path}`, () => assert.equal(nextPath(path), path));
  }

  for (const path of [
    undefined,
    "",
    "devices",
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/devices//evil.example",
    "/%2f%2fevil.example",
    "/%5cevil.example",
    "/%2e%2e/",
    "/..//evil.example",
    "/.//evil.example",
    "https://evil.example",
    "javascript:alert(1)",
    "/@evil.example",
    "/devices@evil.example",
    "/devices\r\nSet-Cookie: x=y",
    "/devices%0d%0aSet-Cookie:%20x=y",
    "/\tevil",
    " /devices",
    "/devices ",
    "/devices#fragment",
    "/devices?next=//evil.example",
    "/devices?next=https://evil.example",
    "/\u2044evil.example",
    "/\u0000",
    `/${"a".repeat(256)}`,
  ]) {
    // Proves ASVS 3.7.2.
    test(`may not be ${JSON.stringify(path)?.slice(0, 60)}`, () => assert.equal(nextPath(path), undefined));
  }
});
