import assert from "node:assert/strict";
import { isIP } from "node:net";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import { assertLinear, pumpsOf } from "../../../../test/fuzz/growth.ts";
import { holds } from "../../../../test/fuzz/property.ts";
import { madeOf, nearly, wildHeader, wildText } from "../../../../test/fuzz/texts.ts";
import { withSessions } from "../../src/adapters/web.ts";
import { fingerprint } from "../../src/core/fingerprint.ts";
import { SessionManager } from "../../src/core/manager.ts";
import { SessionToken } from "../../src/core/token.ts";
import { addHeaders } from "../../src/http/added-headers.ts";
import {
  canonicalAddress,
  clientInfo,
  hidesHttps,
  isLoopbackHost,
  isSecureRequest,
  networkOf,
  publicHost,
  type RequestSource,
  resolveTrustedProxies,
} from "../../src/http/client.ts";
import { crossOrigin, trustedOrigins } from "../../src/http/csrf.ts";
import { generateKey } from "../../src/http/key-ring.ts";
import { askedMemory } from "../core/house.ts";

const own = "https://shop.example";
const origins = fc.oneof(
  nearly(
    fc.constantFrom(own, "http://shop.example", "https://shop.example:8443", "null", "capacitor://localhost"),
  ),
  madeOf(
    "http",
    "https",
    "://",
    ":",
    "/",
    "@",
    "shop.example",
    "evil.example",
    "443",
    ".",
    "#",
    "?",
    "[::1]",
  ),
  wildText,
);

describe("an Origin header", () => {
  // Proves Fetch Metadata check.
  test(
    "is the own one, letter for letter, or refused",
    holds(
      fc.property(origins, fc.constantFrom("POST", "DELETE", "PUT", "post", "CONNECT"), (origin, method) => {
        const trusted = trustedOrigins([], own);
        const isOwn = origin === own || origin === "";
        assert.equal(
          crossOrigin(method, { origin, host: "shop.example" }, trusted),
          isOwn ? undefined : "origin",
        );
      }),
      { runs: 1_000 },
    ),
  );

  test(
    "names the host of the request and nothing besides, or is refused (Go issue 78563, CVE-2025-24358)",
    holds(
      fc.property(
        origins,
        nearly(fc.constantFrom("shop.example", "shop.example:8443", "[::1]:3000")),
        (origin, host) => {
          if (crossOrigin("POST", { origin, host }, trustedOrigins()) !== undefined || origin === "") return;
          const url = new URL(origin);
          assert.deepEqual(
            [url.username, url.password, url.pathname, url.search, url.hash],
            ["", "", "/", "", ""],
          );
          assert.doesNotMatch(origin, /@|\/\/.*\/|[?#\\\s]/);
          assert.equal(origin.slice(origin.indexOf("://") + 3), host.toLowerCase());
        },
      ),
      { runs: 1_000 },
    ),
  );

  test(
    "with userinfo is refused, whatever stands behind it (Go issue 78563)",
    holds(
      fc.property(
        madeOf("a", ":", "%40", ".", "evil.example"),
        fc.constantFrom("shop.example", "[::1]"),
        (user, host) => {
          const origin = `https://${user}@${host}`;
          assert.equal(crossOrigin("POST", { origin, host }, trustedOrigins()), "origin");
          assert.throws(() => trustedOrigins([origin]), TypeError);
        },
      ),
    ),
  );

  test(
    "is not looked at where Sec-Fetch-Site says that a page of ours sent it, and where it says anything else no Origin helps",
    holds(
      fc.property(origins, wildText, (origin, secFetchSite) => {
        const headers = { origin, host: "shop.example", secFetchSite };
        if (secFetchSite === "") return;
        const isOurs = secFetchSite === "same-origin" || secFetchSite === "none";
        assert.equal(
          crossOrigin("POST", headers, trustedOrigins([], own)),
          isOurs ? undefined : "sec-fetch-site",
        );
      }),
    ),
  );

  test("costs work that grows with its length and no faster", () => {
    const pumps = pumpsOf("a", ".", "a.", ":", "-", "[", "0:").flatMap((pump) => [
      { ...pump, before: "https://" },
      { ...pump, before: "https://[" },
    ]);
    assertLinear((origin) => crossOrigin("POST", { origin, host: "a" }, trustedOrigins()), pumps);
    assertLinear((origin) => thrown(() => trustedOrigins([origin])), pumps.slice(0, 12));
  });
});

describe("a trusted origin", () => {
  // Proves Fetch Metadata origins.
  test(
    "passes as browsers send it, or is refused at start by a TypeError",
    holds(
      fc.property(origins, (origin) => {
        const error = thrown(() => trustedOrigins([origin]));
        if (error) return assert.ok(error instanceof TypeError, String(error));
        assert.equal(crossOrigin("POST", { origin, host: "elsewhere" }, trustedOrigins([origin])), undefined);
        if (/^https?:/.test(origin)) assert.equal(new URL(origin).origin, origin);
      }),
      { runs: 1_000 },
    ),
  );
});

describe("what proxies say", () => {
  const addresses = fc.oneof(
    fc.ipV4(),
    fc.ipV6(),
    fc.constantFrom("::ffff:10.0.0.1", "::1", "fe80::1%eth0", "010.1.1.1"),
  );
  const hops = fc.oneof(
    addresses,
    nearly(addresses),
    wildHeader,
    addresses.map((each) => `[${each}]:443`),
  );
  const lists = fc.array(hops, { maxLength: 6 }).map((each) => each.join(", "));
  const requests: fc.Arbitrary<RequestSource> = fc
    .record(
      {
        "x-forwarded-for": lists,
        "x-forwarded-proto": fc.oneof(madeOf("http", "https", "wss", ",", " "), wildHeader),
        "x-forwarded-host": fc.oneof(madeOf("shop.example", ",", " ", ":1"), wildHeader),
        host: fc.oneof(madeOf("localhost", ".", ":", "1", "[::1]"), wildHeader),
        "user-agent": fc.oneof(wildHeader, wildText),
        "accept-language": fc.oneof(wildHeader, wildText),
        peer: fc.oneof(addresses, wildText),
      },
      { requiredKeys: [] },
    )
    .map(({ peer, ...headers }) => ({
      remoteAddress: peer,
      encrypted: false,
      header: (name) => (headers as Record<string, string>)[name],
    }));
  const proxies = resolveTrustedProxies(["loopback", "private", "2001:db8::/32"]);
  const nobody = resolveTrustedProxies([]);

  test(
    "gives an address or none, and texts that can be printed",
    holds(
      fc.property(requests, (request) => {
        const { ip, userAgent = "", language = "" } = clientInfo(request, proxies);
        if (ip !== undefined) {
          assert.equal(canonicalAddress(ip), ip);
          assert.notEqual(isIP(ip), 0);
        }
        assert.ok(userAgent.length <= 512 && language.length <= 256);
        for (const text of [userAgent, language]) {
          assert.doesNotMatch(text, /[\p{C}\p{Zl}\p{Zp}]/u);
          assert.ok(text.isWellFormed());
        }
        const client = { userAgent, language };
        for (const signals of ["tolerant", "strict"] as const) {
          assert.match(fingerprint(SessionToken.generate("ada"), signals, client), /^[\w-]{43}$/);
        }
      }),
    ),
  );

  test(
    "counts for nothing where no proxy is declared (ASVS 4.1.3, CVE-2025-71401)",
    holds(
      fc.property(requests, (request) => {
        assert.equal(clientInfo(request, nobody).ip, canonicalAddress(request.remoteAddress ?? ""));
        assert.equal(publicHost(request, nobody), request.header("host"));
        assert.equal(isSecureRequest(request, nobody), false);
        hidesHttps(request, nobody);
      }),
    ),
  );

  test(
    "is the last word of the nearest that is not declared: what a client made up is never behind it",
    holds(
      fc.property(lists, fc.ipV4(), (made, client) => {
        fc.pre(!proxies(client));
        const header = (name: string) =>
          name === "x-forwarded-for" ? `${made}, ${client}, 10.0.0.7` : undefined;
        assert.equal(
          clientInfo({ remoteAddress: "127.0.0.1", encrypted: false, header }, proxies).ip,
          client,
        );
      }),
    ),
  );

  test(
    "is one text for one address: the text of a text is itself, and so is the network of a network (CVE-2026-45364)",
    holds(
      fc.property(fc.oneof(addresses, nearly(addresses), wildText), (text) => {
        const address = canonicalAddress(text);
        if (address === undefined) return;
        assert.equal(canonicalAddress(address), address);
        const network = networkOf(address);
        if (!address.includes(":")) assert.equal(network, address);
        else assert.match(network, /^(?:[0-9a-f]{1,4}:){4}:\/64$/);
      }),
    ),
  );

  test(
    "is refused at start by a TypeError, or declares who is one",
    holds(
      fc.property(fc.oneof(madeOf("10.0.0.0", "::", "/", "8", "129", "0", "loopback"), hops), (entry) => {
        const error = thrown(() => resolveTrustedProxies([entry]));
        if (error) assert.ok(error instanceof TypeError, String(error));
        else assert.equal(resolveTrustedProxies([entry])("203.0.113.250"), entry.includes("203.0.113."));
      }),
    ),
  );

  test("costs work that grows with its length and no faster", () => {
    const pumps = pumpsOf(",", " ", "1", ".", ":", "[", "]", "10.0.0.1,", "%", "::1,", "\u00a0");
    const request = (text: string): RequestSource => ({
      remoteAddress: "127.0.0.1",
      encrypted: false,
      header: () => text,
    });
    assertLinear((text) => clientInfo(request(text), proxies, { withEncoding: true }), pumps);
    assertLinear((text) => publicHost(request(text), proxies), pumps);
    assertLinear((text) => isSecureRequest(request(text), proxies), pumps);
    assertLinear(isLoopbackHost, pumps);
    assertLinear((text) => thrown(() => resolveTrustedProxies([text])), pumps);
    assertLinear(
      (text) => fingerprint(SessionToken.generate("ada"), "strict", { userAgent: text, language: text }),
      pumpsOf(" ", "a", "/", "Mac ").map((pump) => pump),
    );
    assertLinear(
      (vary) => addHeaders(new Map([["Vary", vary]]) as never, noCookies),
      pumpsOf(",", " ", "cookie ", "a"),
    );
  });
});

const noCookies = { "Set-Cookie": [], "Cache-Control": undefined, Vary: "Cookie" } as const;

describe("a request from anybody", () => {
  const cookieNames = [
    "__Host-session",
    "__Host-remember",
    "__Host-device",
    "__Host-carry-over",
    "session",
    "$Version",
  ];
  const cookies = fc
    .array(fc.tuple(fc.constantFrom(...cookieNames), fc.oneof(wildHeader, nearlyTickets())), { maxLength: 5 })
    .map((pairs) => pairs.map((pair) => pair.join("=")).join("; "));
  const headers = fc.record(
    {
      cookie: fc.oneof(cookies, wildHeader),
      origin: origins.map(asHeader),
      "sec-fetch-site": fc.oneof(fc.constantFrom("same-origin", "cross-site", "none"), wildHeader),
      "x-csrf-token": wildHeader,
      "content-type": contentTypes(),
      "x-forwarded-for": wildHeader,
      "x-forwarded-proto": wildHeader,
      "x-forwarded-host": wildHeader,
      "user-agent": wildHeader,
      "accept-language": wildHeader,
      upgrade: fc.oneof(fc.constant("websocket"), wildHeader),
      host: wildHeader,
    },
    { requiredKeys: [] },
  );
  const requests = fc.record({
    headers,
    method: fc.constantFrom("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"),
    body: fc.oneof(bodies(), wildText),
  });
  const key = generateKey();

  for (const [kind, options] of Object.entries({
    "with no options": {},
    sealed: { keys: [key], seal: true, origin: own },
    "that must carry a token": { csrf: "token" as const, keys: [key], trustedProxies: ["private"] },
  })) {
    test(
      `${kind} opens nothing, writes nothing, throws nothing and is given no cookie (CVE-2015-5143, CVE-2015-3982)`,
      holds(
        fc.asyncProperty(requests, async ({ headers: sent, method, body }) => {
          const written: string[] = [];
          const sessions = new SessionManager({ store: onlyRead(written), now: () => 0, warn: () => {} });
          const handle = withSessions(sessions, answer, options);
          const hasBody = method !== "GET" && method !== "HEAD";
          const request = new Request("https://shop.example/", {
            method,
            headers: sent as Record<string, string>,
            ...(hasBody && { body }),
          });
          const response = await handle(request, { remoteAddress: "10.0.0.1" });
          assert.ok([204, 401, 403, 429].includes(response.status), String(response.status));
          assert.deepEqual(response.headers.getSetCookie(), []);
          assert.deepEqual(written, []);
        }),
        { runs: 200 },
      ),
    );
  }

  async function answer(
    _: Request,
    auth: { session(): Promise<unknown>; checkCsrfToken(): Promise<unknown> },
  ) {
    assert.equal(await auth.session(), undefined);
    await auth.checkCsrfToken();
    return new Response(null, { status: 204 });
  }
});

/** A store that notes what is asked of it besides looking. */
function onlyRead(written: string[]) {
  return new Proxy(askedMemory(), {
    get(target, name) {
      const value = Reflect.get(target, name);
      if (typeof value !== "function") return value;
      const isLook = name === "find" || name === "time";
      return isLook
        ? value.bind(target)
        : (...args: unknown[]) => {
            written.push(String(name));
            return value.apply(target, args);
          };
    },
  });
}

function nearlyTickets(): fc.Arbitrary<string> {
  const ticket = fc.constant(SessionToken.generate("ada").reveal());
  return nearly(ticket).map(asHeader);
}

function contentTypes(): fc.Arbitrary<string> {
  const parts = [
    "application/x-www-form-urlencoded",
    "multipart/form-data",
    "; boundary=",
    "x",
    ";",
    " ",
    "charset=utf-7",
  ];
  return fc.oneof(madeOf(...parts).map(asHeader), wildHeader);
}

function bodies(): fc.Arbitrary<string> {
  return madeOf(
    "csrf_token=",
    "&",
    "a=%",
    "--x\r\n",
    'Content-Disposition: form-data; name="csrf_token"\r\n\r\n',
    "\r\n",
    "--x--",
    '{"csrf_token":"a"}',
  );
}

function asHeader(text: string): string {
  return text.replace(/[^\t\x20-\x7e\x80-\xff]/g, "").trim();
}

/** What it throws. */
function thrown(deed: () => unknown): unknown {
  try {
    deed();
    return undefined;
  } catch (error) {
    return error;
  }
}
