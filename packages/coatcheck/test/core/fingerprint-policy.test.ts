/** Issue 4.3, peers.md §B 27: another browser family is caught, an update signs nobody out, a hint stays a hint. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { SessionEvent } from "../../src/core/events.ts";
import type { ClientInfo } from "../../src/core/fingerprint.ts";
import type { FingerprintReaction, FingerprintRule } from "../../src/core/fingerprint-policy.ts";
import type { PolicyOptions } from "../../src/core/policy.ts";
import { isEnded } from "../../src/core/store.ts";
import type { SessionToken } from "../../src/core/token.ts";
import { MemorySessionStore } from "../../src/stores/memory.ts";
import { chrome, firefox, firefoxUpdated, type House, hour, house, minute, outcome } from "./house.ts";

const reactions: readonly FingerprintReaction[] = ["report", "reject", "revoke", "step-up"];

/** The real texts of browsers before and after an update. */
const updates: Readonly<Record<string, readonly [before: string, after: string]>> = {
  "Chrome on Windows": [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/109.0.5414.120 Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
  ],
  "Chrome on Android, with its texts reduced": [
    "Mozilla/5.0 (Linux; Android 12; SM-G991B) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/106.0.5249.126 Mobile Safari/537.36",
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Mobile Safari/537.36",
  ],
  "Chrome on iOS": [
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/123.0.6312.52 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/139.0.7258.76 Mobile/15E148 Safari/604.1",
  ],
  "Firefox on Linux": [
    "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:109.0) Gecko/20100101 Firefox/119.0",
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
  ],
  "Firefox on macOS": [
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.14; rv:115.0) Gecko/20100101 Firefox/115.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:141.0) Gecko/20100101 Firefox/141.0",
  ],
  "Safari on macOS": [
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/16.6 Safari/605.1.15",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15",
  ],
  "Safari on iOS": [
    "Mozilla/5.0 (iPhone; CPU iPhone OS 16_7_10 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/16.6 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
  ],
  "Edge on Windows": [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/110.0.0.0 Safari/537.36 Edg/110.0.1587.57",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36 Edg/138.0.0.0",
  ],
  "Opera on Windows": [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/98.0.4758.102 Safari/537.36 OPR/84.0.4316.21",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/134.0.0.0 Safari/537.36 OPR/119.0.0.0",
  ],
  "Samsung Internet": [
    "Mozilla/5.0 (Linux; Android 11; SAMSUNG SM-A515F) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/19.0 Chrome/102.0.5005.125 Mobile Safari/537.36",
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36",
  ],
  "Yandex Browser": [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 YaBrowser/24.1.0.0 Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/136.0.0.0 YaBrowser/25.6.0.0 Safari/537.36",
  ],
};

async function signedIn(
  fingerprint: PolicyOptions["fingerprint"],
  client: ClientInfo | undefined = firefox,
): Promise<House & { readonly token: SessionToken }> {
  const at = house(fingerprint === undefined ? {} : { policy: { fingerprint } });
  const { token } = await at.sessions.create("ada", { client });
  return { ...at, token };
}

function told({ events }: House): Extract<SessionEvent, { type: "fingerprint" }>[] {
  return events.filter((event) => event.type === "fingerprint");
}

async function recordOf({ store }: House, { id }: SessionToken) {
  const found = await store.find(id);
  assert.ok(found && !isEnded(found));
  return found;
}

describe("the tolerant signals", () => {
  for (const [browser, [before, after]] of Object.entries(updates)) {
    it(`sign nobody out when ${browser} is updated`, async () => {
      const at = await signedIn({ onMismatch: "revoke" }, { userAgent: before, language: "en-GB,en;q=0.9" });
      const client = { userAgent: after, language: "en-US", ip: "203.0.113.9" };
      assert.equal(await outcome(at, at.token, { client }), "valid");
      assert.deepEqual(told(at), []);
    });
  }

  it("tell all of these browsers apart", async () => {
    const browsers = Object.values(updates).map(([, after]) => ({ userAgent: after, language: "en" }));
    for (const client of browsers) {
      const at = await signedIn({ onMismatch: "reject" }, client);
      const outcomes = await Promise.all(browsers.map((other) => outcome(at, at.token, { client: other })));
      assert.deepEqual(
        outcomes,
        browsers.map((other) => (other === client ? "valid" : "fingerprint")),
      );
    }
  });
});

describe("a cookie that was copied to another browser", () => {
  it("is reported by default and opens the session", async () => {
    const at = await signedIn(undefined);
    assert.equal(await outcome(at, at.token, { client: chrome }), "valid");
    const [event] = told(at);
    assert.deepEqual(
      [event?.reaction, event?.userId, event?.client, event?.signedIn],
      ["report", "ada", chrome, firefox],
    );
  });

  it("under reject opens nothing, and the session lives on for its owner", async () => {
    const at = await signedIn({ onMismatch: "reject" });
    assert.equal(await outcome(at, at.token, { client: chrome }), "fingerprint");
    assert.equal(await outcome(at, at.token, { client: firefox }), "valid");
    assert.deepEqual(at.told(), ["created", "fingerprint", "rejected"]);
  });

  it("under revoke ends the session: the owner is told by an event, and both browsers are told why", async () => {
    const at = await signedIn({ onMismatch: "revoke" });
    const thief = await at.sessions.validate(at.token, { client: chrome });
    const owner = await at.sessions.validate(at.token, { client: firefox });
    for (const validation of [thief, owner]) {
      assert.deepEqual(validation.ok || validation.rejection, { reason: "ended", ended: "fingerprint" });
    }
    assert.equal(told(at).length, 1);
    assert.equal(told(at)[0]!.reaction, "revoke");
    assert.equal(at.events.filter((event) => event.type === "revoked").length, 1);
    assert.ok(at.events.some((event) => event.type === "revoked" && event.reason === "fingerprint"));
    assert.deepEqual(await at.sessions.list("ada"), []);
  });

  it("under revoke is told of once when it is used many times at once", async () => {
    const at = await signedIn({ onMismatch: "revoke" });
    await Promise.all(Array.from({ length: 20 }, () => outcome(at, at.token, { client: chrome })));
    assert.equal(told(at).length, 1);
    assert.equal(at.told().filter((type) => type === "revoked").length, 1);
  });

  it("under step-up opens nothing until its user proves who they are, from where they do", async () => {
    const at = await signedIn({ onMismatch: "step-up" });
    const validation = await at.sessions.validate(at.token, { client: chrome });
    assert.ok(!validation.ok);
    assert.deepEqual(validation.rejection, { reason: "step-up" });
    assert.equal(validation.locked?.session.userId, "ada");
    assert.equal(await outcome(at, at.token, { client: firefox }), "valid");

    const again = await at.sessions.reauthenticate(at.token, { client: chrome });
    assert.deepEqual(again?.session.client, chrome);
    assert.equal(await outcome(at, again!.token, { client: chrome }), "valid");
    assert.equal(await outcome(at, again!.token, { client: firefox }), "step-up");
    assert.equal(await outcome(at, at.token, { client: firefox }), "step-up", "The old secret, in its grace");
  });

  it("under reject and revoke cannot authenticate again", async () => {
    for (const onMismatch of ["reject", "revoke"] as const) {
      const at = await signedIn({ onMismatch });
      assert.equal(await at.sessions.reauthenticate(at.token, { client: chrome }), undefined);
    }
  });

  it("neither starts a renewal nor completes one, nor keeps the session alive", async () => {
    for (const onMismatch of ["reject", "step-up"] as const) {
      const at = await signedIn({ onMismatch });
      at.clock.advance(20 * minute);
      assert.equal(await at.sessions.renew(at.token, chrome), undefined);
      const successor = (await at.sessions.renew(at.token, firefox))!;
      const before = await recordOf(at, at.token);
      for (const token of [at.token, successor]) {
        await at.sessions.validate(token, { client: chrome, canRenew: true });
      }
      await at.sessions.close();
      assert.deepEqual(await recordOf(at, at.token), before);
      at.clock.advance(10 * minute);
      assert.equal(await outcome(at, successor, { client: firefox }), "idle-timeout");
    }
  });

  it("is theft all the same if its secret was replaced before", async () => {
    const at = await signedIn({ onMismatch: "reject" });
    const next = (await at.sessions.renew(at.token, firefox))!;
    assert.equal(await outcome(at, next, { client: firefox }), "valid");
    at.clock.advance(minute);
    assert.equal(await outcome(at, at.token, { client: chrome }), "theft");
  });

  it("is told of once for each kind of client, and of eight kinds at most, however often it is used", async () => {
    const at = await signedIn(undefined);
    for (let times = 0; times < 3; times++) {
      for (const client of [chrome, firefoxUpdated, { userAgent: "curl/8.5.0" }]) {
        await outcome(at, at.token, { client });
      }
    }
    assert.equal(told(at).length, 2);
    for (let made = 0; made < 100; made++) {
      await outcome(at, at.token, { client: { userAgent: `invented${made}/1` } });
    }
    assert.equal(told(at).length, 8);
  });
});

describe("a client that is not known", () => {
  it("which says nothing now but did at sign-in is another one, whatever the reaction", async () => {
    const expected = { report: "valid", reject: "fingerprint", revoke: "ended", "step-up": "step-up" };
    for (const onMismatch of reactions) {
      const at = await signedIn({ onMismatch });
      assert.equal(await outcome(at, at.token, { client: { ip: "192.0.2.1" } }), expected[onMismatch]);
      assert.equal(told(at).length, 1);
    }
  });

  it("which said nothing at sign-in has nothing to be compared with", async () => {
    for (const nothing of [{}, { ip: "192.0.2.1" }]) {
      const at = await signedIn({ onMismatch: "revoke" }, nothing);
      assert.equal((await recordOf(at, at.token)).fingerprint, undefined);
      assert.equal(await outcome(at, at.token, { client: chrome }), "valid");
    }
  });

  it("to the caller, who passes none, is not judged", async () => {
    for (const fingerprint of [{ onMismatch: "revoke" } as const, () => "revoke" as const]) {
      const at = await signedIn(fingerprint);
      assert.equal(await outcome(at, at.token), "valid");
    }
  });
});

describe("the strict signals", () => {
  const strict = { signals: "strict", onMismatch: "reject" } as const;
  const client = { ...firefox, encoding: "gzip, deflate, br, zstd" };

  it("are User-Agent, Accept-Language and Accept-Encoding, each as a whole", async () => {
    const at = await signedIn(strict, client);
    assert.equal(await outcome(at, at.token, { client: { ...client, ip: "203.0.113.9" } }), "valid");
    for (const other of [
      { ...client, userAgent: firefoxUpdated.userAgent },
      { ...client, language: "en-GB,en;q=0.4" },
      { ...client, encoding: "gzip, deflate, br" },
      firefox,
    ]) {
      assert.equal(await outcome(at, at.token, { client: other }), "fingerprint");
    }
  });

  it("are stored as a digest only, keyed by the session", async () => {
    const at = await signedIn(strict, client);
    const { token: other } = await at.sessions.create("ada", { client });
    const [one, another] = [await recordOf(at, at.token), await recordOf(at, other)];
    assert.match(one.fingerprint!, /^strict:[\w-]{43}$/);
    assert.notEqual(one.fingerprint, another.fingerprint);
    assert.deepEqual(one.client, firefox);
  });
});

describe("a rule of the application's own", () => {
  it("is given both sides, and what it says is done", async () => {
    const asked: unknown[] = [];
    for (const answer of ["ok", ...reactions] as const) {
      const rule: FingerprintRule = (...sides) => {
        asked.push(sides);
        return answer;
      };
      const at = await signedIn(rule, { ...firefox, ip: "192.0.2.1", encoding: "br" });
      const expected = {
        ok: "valid",
        report: "valid",
        reject: "fingerprint",
        revoke: "ended",
        "step-up": "step-up",
      };
      assert.equal(await outcome(at, at.token, { client: chrome }), expected[answer]);
      assert.equal(told(at).length, answer === "ok" ? 0 : 1);
    }
    for (const sides of asked) assert.deepEqual(sides, [{ ...firefox, ip: "192.0.2.1" }, chrome]);
  });

  it("compares with the client that last proved who they are, so that a step-up comes to an end", async () => {
    const at = await signedIn((then, now) => (then.ip === now.ip ? "ok" : "step-up"), { ip: "192.0.2.1" });
    const client = { ip: "203.0.113.9" };
    assert.equal(await outcome(at, at.token, { client }), "step-up");
    const again = await at.sessions.reauthenticate(at.token, { client });
    assert.equal(await outcome(at, again!.token, { client }), "valid");
    assert.equal(await outcome(at, again!.token, { client: { ip: "192.0.2.1" } }), "step-up");
  });

  // Proves ASVS 16.5.3.
  it("that answers anything else lets nobody in", async () => {
    for (const answer of [undefined, true, "no", Promise.resolve("ok")]) {
      const at = await signedIn((() => answer) as unknown as FingerprintRule);
      await assert.rejects(at.sessions.validate(at.token, { client: firefox }), /must return "ok" or one of/);
    }
  });

  it("that fails rejects, and is never thrown at the caller, whether or not the session is at hand", async () => {
    const failure = new Error("no such rule");
    const fingerprint = () => {
      throw failure;
    };
    for (const options of [{}, { store: new MemorySessionStore() }]) {
      const { sessions } = house({ ...options, policy: { fingerprint } });
      const { token } = await sessions.create("ada", { client: firefox });
      const validation = sessions.validate(token, { client: chrome });
      await assert.rejects(validation, failure);
    }
  });
});

describe("a policy that was changed", () => {
  const next = (at: House, fingerprint: PolicyOptions["fingerprint"]): House => {
    const { store, clock } = at;
    return { ...house({ store, now: clock.now, policy: { fingerprint: fingerprint! } }), store, clock };
  };

  it("to other signals judges nobody by the former ones, and binds anew when they authenticate again", async () => {
    const before = await signedIn({ signals: "tolerant" });
    const at = next(before, { signals: "strict", onMismatch: "reject" });
    assert.equal(await outcome(at, before.token, { client: chrome }), "valid");
    const again = await at.sessions.reauthenticate(before.token, { client: firefox });
    assert.equal(await outcome(at, again!.token, { client: firefox }), "valid");
    assert.equal(await outcome(at, again!.token, { client: firefoxUpdated }), "fingerprint");
  });

  it("from off binds anew, too, and to off forgets", async () => {
    const before = await signedIn("off");
    assert.equal((await recordOf(before, before.token)).fingerprint, undefined);
    const at = next(before, { onMismatch: "reject" });
    assert.equal(await outcome(at, before.token, { client: chrome }), "valid");
    const bound = await at.sessions.reauthenticate(before.token, { client: firefox });
    assert.equal(await outcome(at, bound!.token, { client: chrome }), "fingerprint");
    const off = next(before, "off");
    assert.equal(await outcome(off, bound!.token, { client: chrome }), "valid");
    await off.sessions.reauthenticate(bound!.token, { client: chrome });
    assert.equal((await recordOf(before, before.token)).fingerprint, undefined);
  });

  it("does not make the session older or younger", async () => {
    const before = await signedIn({ signals: "tolerant" });
    const at = next(before, { signals: "strict", onMismatch: "revoke" });
    at.clock.advance(29 * minute);
    assert.equal(await outcome(at, before.token, { client: chrome }), "valid");
    at.clock.advance(hour);
    assert.equal(await outcome(at, before.token, { client: chrome }), "idle-timeout");
  });
});

describe("A caller who does not know the client", () => {
  for (const onMismatch of reactions) {
    it(`renews and authenticates again under ${onMismatch}, and the session stays bound to its client`, async () => {
      const at = await signedIn({ onMismatch });
      const { sessions, token } = at;
      const renewed = await sessions.renew(token);
      assert.ok(renewed);
      const again = await sessions.reauthenticate(renewed);
      assert.ok(again);
      assert.deepEqual(again.session.client, firefox);
      assert.deepEqual((await sessions.find(token.id))?.client, firefox);
      assert.equal(await outcome(at, again.token, { client: firefox }), "valid");
      assert.equal((await sessions.validate(again.token, { client: chrome })).ok, onMismatch === "report");
    });
  }
});
