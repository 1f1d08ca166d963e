import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { SessionToken } from "../../src/core/token.ts";
import { crossOrigin, csrfToken, trustedOrigins, verifyCsrfToken } from "../../src/http/csrf.ts";
import crossOriginVectors from "./cross-origin.json" with { type: "json" };
import trustedOriginVectors from "./trusted-origins.json" with { type: "json" };

interface CrossOriginGroup {
  readonly group: string;
  readonly host: string;
  readonly trusted?: readonly string[];
  readonly publicOrigin?: string;
  readonly cases: readonly {
    readonly promise: string;
    readonly method?: string;
    readonly host?: string | null;
    readonly secFetchSite?: string;
    readonly origin?: string;
    readonly rejected: boolean;
  }[];
}

for (const {
  group,
  host: groupHost,
  trusted,
  publicOrigin,
  cases,
} of crossOriginVectors as CrossOriginGroup[]) {
  describe(`Fetch Metadata check: ${group}`, () => {
    const origins = trustedOrigins(trusted, publicOrigin);
    for (const { promise, method = "POST", host = groupHost, rejected, ...headers } of cases) {
      test(promise, () => {
        const rejection = crossOrigin(method, { ...headers, host: host ?? undefined }, origins);
        assert.equal(rejection !== undefined, rejected);
      });
    }
  });
}

describe("crossOrigin", () => {
  const untrusting = trustedOrigins();
  const strange = () => fc.string({ unit: "binary", maxLength: 30 });

  test("names the header that gave the request away", () => {
    const foreign = { origin: "https://evil.example", host: "shop.example" };
    assert.equal(crossOrigin("POST", foreign, untrusting), "origin");
    assert.equal(
      crossOrigin("POST", { ...foreign, secFetchSite: "cross-site" }, untrusting),
      "sec-fetch-site",
    );
  });

  // Proves Fetch Metadata check.
  test("lets no other value of Sec-Fetch-Site pass", () => {
    fc.assert(
      fc.property(strange(), strange(), strange(), (method, secFetchSite, origin) => {
        fc.pre(!["", "same-origin", "none"].includes(secFetchSite));
        assert.equal(crossOrigin(`x${method}`, { secFetchSite, origin }, untrusting), "sec-fetch-site");
      }),
      { numRuns: 10_000, seed: 78_563, verbose: true },
    );
  });

  // Proves CVE-2025-24358.
  test("lets no other Origin pass for the host than that host on http or https", () => {
    const host = "shop.example:3000";
    const own = [`http://${host}`, `https://${host}`];
    const nearly = fc
      .tuple(
        fc.constantFrom(...own),
        fc.nat(30),
        fc.nat(3),
        fc.oneof(strange(), fc.constantFrom("@", ":", "/", ".", "\0")),
      )
      .map(([origin, at, cut, inserted]) => origin.slice(0, at) + inserted + origin.slice(at + cut));
    fc.assert(
      fc.property(nearly, (origin) => {
        const passed = crossOrigin("POST", { origin, host }, untrusting) === undefined;
        assert.equal(passed, origin === "" || own.includes(origin));
      }),
      { numRuns: 10_000, seed: 78_563, verbose: true },
    );
  });
});

describe("Fetch Metadata origins: trustedOrigins", () => {
  for (const { promise, origin, refused } of trustedOriginVectors) {
    test(promise, () => {
      for (const read of [() => trustedOrigins([origin]), () => trustedOrigins([], origin)]) {
        if (refused) assert.throws(read, TypeError);
        else assert.doesNotThrow(read);
      }
    });
  }

  test("says in the error how browsers write it", () => {
    assert.throws(() => trustedOrigins(["https://Shop.example:443/"]), /write https:\/\/shop\.example$/);
  });
});

describe("csrfToken", () => {
  const session = SessionToken.generate("ada");

  test("OWASP CSRF token: is good for its session, and looks different each time", () => {
    const tokens = Array.from({ length: 100 }, () => csrfToken(session));
    assert.equal(new Set(tokens).size, tokens.length);
    for (const token of tokens) assert.ok(verifyCsrfToken(session, token));
  });

  test("survives renewal", () => {
    const token = csrfToken(session);
    assert.ok(verifyCsrfToken(session.successor("salt"), token));
    assert.ok(verifyCsrfToken(session.refreshed(), token));
  });

  // Proves OWASP CSRF token.
  test("CVE-2023-27495: a token from before sign-in is good for nothing after it", () => {
    const afterSignIn = SessionToken.generate("ada");
    assert.ok(!verifyCsrfToken(afterSignIn, csrfToken(session)));
  });

  test("csurf (Fortbridge, 2022): a tossed token of the attacker's own session is rejected", () => {
    assert.ok(!verifyCsrfToken(session, csrfToken(SessionToken.generate("mallory"))));
  });

  test("does not contain the key", () => {
    const key = session.key("csrf");
    assert.ok(!Buffer.from(csrfToken(session), "base64url").includes(key));
  });

  // Proves ASVS 11.2.4.
  test("rejects everything else without a throw", () => {
    const good = csrfToken(session);
    const rejected: readonly unknown[] = [
      undefined,
      null,
      "",
      good.slice(1),
      `${good}A`,
      `${good}=`,
      ` ${good}`,
      `${good}\n`,
      good.replace(/./, "\u00e9"),
      "A".repeat(86),
      "x".repeat(100_000),
      "__proto__",
      [good],
      { toString: () => good },
      86,
    ];
    for (const presented of rejected) assert.equal(verifyCsrfToken(session, presented as string), false);
  });

  test("rejects whatever decodes to other bytes", () => {
    const good = csrfToken(session);
    const nearly = fc
      .tuple(
        fc.nat(85),
        fc.oneof(fc.string({ unit: "binary", maxLength: 3 }), fc.constantFrom(..."AZaz09-_")),
      )
      .map(([at, inserted]) => good.slice(0, at) + inserted + good.slice(at + inserted.length));
    fc.assert(
      fc.property(fc.oneof(nearly, fc.string({ unit: "binary", maxLength: 120 })), (presented) => {
        const same = bytesOf(presented).equals(bytesOf(good)) && presented.length === good.length;
        assert.equal(verifyCsrfToken(session, presented), same && /^[\w-]*$/.test(presented));
      }),
      { numRuns: 10_000, seed: 141, verbose: true },
    );
  });
});

function bytesOf(text: string): Buffer {
  return Buffer.from(text, "base64url");
}
