import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import {
  canonicalAddress,
  clientInfo,
  hidesHttps,
  isLoopback,
  isLoopbackHost,
  isSecureRequest,
  networkOf,
  publicHost,
  type RequestSource,
  resolveTrustedProxies,
} from "../../src/http/client.ts";

const nobody = resolveTrustedProxies([]);
const proxies = resolveTrustedProxies(["loopback", "10.0.0.0/8", "2001:db8:1::/48", "192.0.2.7"]);

function request(
  headers: Readonly<Record<string, string>> = {},
  { remoteAddress = "127.0.0.1" as string | undefined, encrypted = false } = {},
): RequestSource {
  return { remoteAddress, encrypted, header: (name) => headers[name] };
}

function clientOf(forwardedFor: string, remoteAddress = "127.0.0.1"): string | undefined {
  return clientInfo(request({ "x-forwarded-for": forwardedFor }, { remoteAddress }), proxies).ip;
}

describe("resolveTrustedProxies", () => {
  test("says the same of an address however often, and after however many others", () => {
    for (let n = 0; n < 2_500; n++) {
      assert.ok(!proxies(`198.18.${n >> 8}.${n & 255}`));
      assert.ok(proxies("192.0.2.7"));
    }
  });

  test("trusts nobody without declarations", () => {
    for (const address of ["127.0.0.1", "::1", "10.0.0.1"]) assert.ok(!nobody(address));
  });

  test("trusts the declared addresses and ranges, and nobody else", () => {
    for (const address of ["127.0.0.1", "127.9.9.9", "::1", "10.255.0.1", "2001:db8:1::9", "192.0.2.7"]) {
      assert.ok(proxies(address), address);
    }
    for (const address of ["128.0.0.1", "::2", "11.0.0.1", "2001:db8:2::9", "192.0.2.8", "192.168.0.1"]) {
      assert.ok(!proxies(address), address);
    }
  });

  test("knows the private networks of RFC 1918 and RFC 4193", () => {
    const trusts = resolveTrustedProxies(["private"]);
    for (const address of ["10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.9.9", "fd00::1"]) {
      assert.ok(trusts(address), address);
    }
    for (const address of ["172.32.0.1", "192.169.0.1", "127.0.0.1", "fe80::1", "100.64.0.1"]) {
      assert.ok(!trusts(address), address);
    }
  });

  test("trusts no IPv4 address for a range of IPv6, wherever the mapped ones lie", () => {
    for (const range of ["::/8", "::/1"]) {
      const trusted = resolveTrustedProxies([range]);
      assert.equal(trusted("203.0.113.250"), false, range);
      assert.equal(trusted("10.0.0.1"), false, range);
      assert.equal(trusted("::2"), true, range);
    }
  });

  test("reads an IPv4-mapped declaration as IPv4", () => {
    assert.ok(resolveTrustedProxies(["::ffff:192.0.2.7"])("192.0.2.7"));
  });

  const refused = [
    "",
    "proxy.example",
    "Loopback",
    "10.0.0",
    "10.0.0.1/",
    "10.0.0.1/33",
    "10.0.0.1/8/8",
    "10.0.0.1/-1",
    "10.0.0.1/8.5",
    "010.0.0.1",
    "::1/129",
    "[::1]",
    "1",
    "true",
    "*",
    "0.0.0.0/0",
    "::/0",
  ];
  for (const entry of refused) {
    test(`refuses ${JSON.stringify(entry)} by name`, () => {
      assert.throws(
        () => resolveTrustedProxies(["loopback", entry]),
        (error: Error) => error instanceof TypeError && error.message.includes(JSON.stringify(entry)),
      );
    });
  }
});

describe("the client's address", () => {
  // Proves ASVS 15.3.4.
  test("ASVS 4.1.3: without declared proxies no forwarded header changes anything", () => {
    const headers = {
      "x-forwarded-for": "203.0.113.9",
      "x-forwarded-host": "evil.example",
      "x-forwarded-proto": "https",
      host: "shop.example",
    };
    assert.deepEqual(clientInfo(request(headers), nobody), { ip: "127.0.0.1" });
    assert.equal(publicHost(request(headers), nobody), "shop.example");
    assert.equal(isSecureRequest(request(headers), nobody), false);
  });

  const walks: readonly (readonly [promise: string, forwardedFor: string, expected: string])[] = [
    ["is the one that the proxy saw", "203.0.113.9", "203.0.113.9"],
    ["is not the one that the client made up", "1.1.1.1, 203.0.113.9", "203.0.113.9"],
    [
      "lies behind any number of declared proxies",
      "1.1.1.1, 203.0.113.9, 10.0.0.1, 192.0.2.7",
      "203.0.113.9",
    ],
    ["is the leftmost if all are declared", "10.0.0.3, 10.0.0.2, 10.0.0.1", "10.0.0.3"],
    ["is the peer without the header", "", "127.0.0.1"],
    ["is the last good hop before garbage", "203.0.113.9, unknown, 10.0.0.1", "10.0.0.1"],
    ["is the last good hop before an empty one", "203.0.113.9,, 10.0.0.1", "10.0.0.1"],
    ["is the peer if all is garbage", "for=203.0.113.9", "127.0.0.1"],
    ["is read without its port", "203.0.113.9:51234", "203.0.113.9"],
    ["is read out of brackets", "[2001:DB8::9]:51234", "2001:db8::9"],
    ["is not an address with leading zeros", "0203.0.113.9", "127.0.0.1"],
  ];
  for (const [promise, forwardedFor, expected] of walks) {
    test(promise, () => assert.equal(clientOf(forwardedFor), expected));
  }

  test("is the peer if the peer is not declared, whatever it says", () => {
    assert.equal(clientOf("203.0.113.9", "198.51.100.1"), "198.51.100.1");
    assert.equal(clientOf("127.0.0.1", "198.51.100.1"), "198.51.100.1");
  });

  test("is not known on a Unix socket", () => {
    const local = { ...request({ "x-forwarded-for": "203.0.113.9" }), remoteAddress: undefined };
    assert.deepEqual(clientInfo(local, proxies), {});
  });

  test("sees through an IPv4-mapped peer", () => {
    assert.equal(clientOf("203.0.113.9", "::ffff:127.0.0.1"), "203.0.113.9");
  });

  test("asks about each hop once", () => {
    let asked = 0;
    const all = () => {
      asked++;
      return true;
    };
    clientInfo(request({ "x-forwarded-for": Array(1_001).fill("10.0.0.1").join() }), all);
    assert.equal(asked, 1_002);
  });

  // Proves ASVS 15.3.4.
  test("is canonical or nothing, and never what stands left of the client", () => {
    const hop = fc.oneof(
      fc.ipV4(),
      fc.ipV6(),
      fc.constantFrom(
        "10.0.0.1",
        "::1",
        "unknown",
        "",
        "::ffff:7f00:1",
        "fe80::1%eth0",
        "[::1]:1",
        "1.2.3.4:5",
      ),
      fc.string({ unit: "binary", maxLength: 50 }),
    );
    fc.assert(
      fc.property(fc.array(hop, { maxLength: 6 }), hop, (hops, remoteAddress) => {
        const { ip } = clientInfo(request({ "x-forwarded-for": hops.join(",") }, { remoteAddress }), proxies);
        const peer = canonicalAddress(remoteAddress);
        if (ip !== undefined) assert.equal(canonicalAddress(ip), ip);
        if (peer === undefined || !proxies(peer)) assert.equal(ip, peer);
        assert.equal(clientOf([...hops, "203.0.113.9", "10.0.0.1"].join(",")), "203.0.113.9");
      }),
      { numRuns: 10_000, seed: 45_364, verbose: true },
    );
  });
});

describe("canonicalAddress", () => {
  const spellings: readonly (readonly [canonical: string | undefined, ...others: string[]])[] = [
    ["192.0.2.1", "192.0.2.1", "::ffff:192.0.2.1", "::FFFF:c000:201", "0:0:0:0:0:ffff:192.0.2.1"],
    ["2001:db8::1", "2001:db8::1", "2001:DB8:0:0:0:0:0:1", "2001:0db8::0001", "2001:db8:0::0.0.0.1"],
    ["fe80::1", "fe80::1", "fe80::1%eth0", "fe80::1%25"],
    ["255.255.255.255", "0000:0000:0000:0000:0000:ffff:255.255.255.255%eth0"],
    [
      undefined,
      "",
      "localhost",
      "127.1",
      "0x7f.0.0.1",
      "2130706433",
      "192.0.2.01",
      "192.0.2.1%eth0",
      "[::1]",
      "::1 ",
    ],
  ];
  for (const [canonical, ...others] of spellings) {
    for (const text of others) {
      test(`CVE-2026-45364: ${JSON.stringify(text)} is ${canonical ?? "no address"}`, () => {
        assert.equal(canonicalAddress(text), canonical);
      });
    }
  }
});

describe("the client's program", () => {
  test("is told by User-Agent and Accept-Language, and left out if they are empty", () => {
    const headers = { "user-agent": "curl/8", "accept-language": "en-GB,en;q=0.9" };
    assert.deepEqual(clientInfo(request(headers), nobody), {
      ip: "127.0.0.1",
      userAgent: "curl/8",
      language: "en-GB,en;q=0.9",
    });
    assert.deepEqual(clientInfo(request({ "user-agent": "", "accept-language": "\t" }), nobody), {
      ip: "127.0.0.1",
    });
  });

  test("ASVS 16.4.1: is cut to 512 and 256 characters that can be seen", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 600, size: "max" }), (text) => {
        const { userAgent = "", language = "" } = clientInfo(
          request({ "user-agent": text, "accept-language": text }),
          nobody,
        );
        assert.ok(userAgent.length <= 512 && language.length <= 256);
        // biome-ignore lint/suspicious/noControlCharactersInRegex: they are the point
        assert.doesNotMatch(userAgent, /[\x00-\x1f\x7f-\x9f\u2028\u2029\u202e]/);
        assert.ok(userAgent.isWellFormed());
      }),
      { numRuns: 10_000, seed: 16_041, verbose: true },
    );
    const long = "x".repeat(1_000);
    const cut = clientInfo(request({ "user-agent": long, "accept-language": long }), nobody);
    assert.deepEqual([cut.userAgent?.length, cut.language?.length], [512, 256]);
    const evil = clientInfo(request({ "user-agent": "a\r\n\x1b[31mb\u2028c\u202ed\u00e9" }), nobody);
    assert.equal(evil.userAgent, "a[31mbcd\u00e9");
  });
});

describe("scheme and host", () => {
  test("https is what the socket speaks, or what a declared proxy says", () => {
    const says = (proto: string, encrypted = false) =>
      isSecureRequest(request({ "x-forwarded-proto": proto }, { encrypted }), proxies);
    assert.ok(isSecureRequest(request({}, { encrypted: true }), nobody));
    assert.ok(!isSecureRequest(request(), proxies));
    for (const proto of ["https", "HTTPS", " https ", "http, https", "wss"]) assert.ok(says(proto), proto);
    for (const proto of ["http", "https, http", "httpsx", "on"]) assert.ok(!says(proto), proto);
    assert.ok(!says("http", true), "a proxy may speak TLS to us for a client that does not");
    assert.ok(says("", true));
  });

  test("P9: https that an undeclared proxy speaks of is reported", () => {
    const claimed = { "x-forwarded-proto": "https" };
    assert.ok(hidesHttps(request(claimed), nobody));
    assert.ok(hidesHttps(request(claimed, { remoteAddress: "198.51.100.1" }), proxies));
    assert.ok(!hidesHttps(request(claimed), proxies));
    assert.ok(!hidesHttps(request(claimed, { encrypted: true }), nobody));
    assert.ok(!hidesHttps(request({ "x-forwarded-proto": "http" }), nobody));
    assert.ok(!hidesHttps(request(), nobody));
  });

  test("CVE-2025-71401: the host is forwarded by declared proxies only, and theirs is the last", () => {
    const headers = { host: "10.0.0.7:3000", "x-forwarded-host": "evil.example, shop.example" };
    assert.equal(publicHost(request(headers), proxies), "shop.example");
    assert.equal(publicHost(request(headers, { remoteAddress: "198.51.100.1" }), proxies), "10.0.0.7:3000");
    assert.equal(publicHost(request({ host: "shop.example" }), proxies), "shop.example");
    assert.equal(publicHost(request(), proxies), undefined);
  });
});

describe("loopback", () => {
  test("addresses", () => {
    for (const address of ["127.0.0.1", "127.255.0.9", "::1", "0:0::1", "::ffff:127.0.0.1"]) {
      assert.ok(isLoopback(address), address);
    }
    for (const address of ["128.0.0.1", "0.0.0.0", "::", "127.1", "127.evil.example", "localhost", ""]) {
      assert.ok(!isLoopback(address), address);
    }
  });

  test("hosts, with or without a port", () => {
    const names = [
      "localhost",
      "LocalHost",
      "app.localhost",
      "localhost.",
      "127.0.0.1",
      "[::1]",
      "[::ffff:127.0.0.1]",
    ];
    for (const host of names) {
      assert.ok(isLoopbackHost(host), host);
      assert.ok(isLoopbackHost(`${host}:3000`), `${host}:3000`);
    }
  });

  test("no other hosts", () => {
    const others = [
      "",
      ":3000",
      "notlocalhost",
      "localhost.evil.example",
      "127.0.0.1.nip.io",
      "127.evil.example",
      "localhost@evil.example",
      "evil.example:80:localhost",
      "[localhost]",
      "[::1",
      "::1]",
      "[::1]evil.example",
      ".localhost",
      "0.0.0.0",
      "[::]",
      "localhost/..",
      "localhost\n",
    ];
    for (const host of others) assert.ok(!isLoopbackHost(host), JSON.stringify(host));
  });

  test("never throws, and takes no subdomain of another host for its own", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 60 }), (text) => {
        isLoopback(text);
        assert.ok(!isLoopbackHost(`${text}.example`));
      }),
      { numRuns: 10_000, seed: 6_761, verbose: true },
    );
  });
});

describe("What is counted by address", () => {
  const networks: readonly [address: string, network: string][] = [
    ["192.0.2.1", "192.0.2.1"],
    ["::ffff:192.0.2.1", "192.0.2.1"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:db8::1", "2001:db8:0:0::/64"],
    ["2001:DB8:0:0::FFFF", "2001:db8:0:0::/64"],
    ["2001:0db8:0000:0000:ffff:ffff:ffff:ffff", "2001:db8:0:0::/64"],
    ["2001:db8:0:1::1", "2001:db8:0:1::/64"],
    ["2001:db8:1:2::", "2001:db8:1:2::/64"],
    ["::1", "0:0:0:0::/64"],
    ["::", "0:0:0:0::/64"],
    ["1::8", "1:0:0:0::/64"],
    ["1:2:3:4:5:6:7::", "1:2:3:4::/64"],
    ["64:ff9b::192.0.2.1", "64:ff9b:0:0::/64"],
    ["fe80::1%eth0", "fe80:0:0:0::/64"],
  ];
  for (const [address, network] of networks) {
    test(`of ${address} is ${network} (CVE-2026-45364)`, () => {
      assert.equal(networkOf(canonicalAddress(address)!), network);
    });
  }

  test("is the same for every spelling of an address, and for all of a /64", () => {
    const group = fc.integer({ min: 0, max: 0xffff });
    const prefix = fc.tuple(group, group, group, group);
    const suffixes = fc.array(fc.tuple(group, group, group, group), { minLength: 1, maxLength: 5 });
    const property = fc.property(prefix, suffixes, (before, all) => {
      const texts = all.flatMap((after) => {
        const groups = [...before, ...after].map((value) => value.toString(16));
        return [groups.join(":"), groups.map((text) => text.padStart(4, "0").toUpperCase()).join(":")];
      });
      const networks = texts.map((text) => networkOf(canonicalAddress(text)!));
      // Addresses of IPv4 are counted whole.
      assert.equal(new Set(networks.filter((network) => network.includes(":"))).size <= 1, true);
    });
    fc.assert(property);
  });
});
