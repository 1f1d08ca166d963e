import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { SessionManager } from "../../src/core/manager.ts";
import { type AuthOptions, resolveAuth } from "../../src/http/auth-settings.ts";
import { generateKey } from "../../src/http/key-ring.ts";
import { RequestAuth } from "../../src/http/request-auth.ts";
import { MemorySessionStore } from "../../src/stores/memory.ts";
import { manualClock } from "../../src/testing/clock.ts";

// What a request shows over a socket is tested with every adapter; here is what no socket shows.

interface Seen {
  readonly headers?: Readonly<Record<string, string>>;
  readonly remoteAddress?: string;
}

function application(options: AuthOptions = {}) {
  const clock = manualClock();
  const warnings: string[] = [];
  const store = new MemorySessionStore();
  const sessions = new SessionManager({
    store,
    now: clock.now,
    policy: { renewAfter: 60_000 },
    warn: (message) => void warnings.push(message),
  });
  const settings = resolveAuth(options);
  const request = ({ headers = {}, remoteAddress }: Seen = {}) =>
    new RequestAuth(sessions, settings, {
      method: "POST",
      remoteAddress,
      encrypted: false,
      header: (name) => headers[name],
    });
  return { clock, store, sessions, warnings, request };
}

/** The `Cookie` header that answers a request's `Set-Cookie`. */
function cookieOf(auth: RequestAuth): string {
  return auth.responseHeaders()!["Set-Cookie"][0]!.split(";", 1)[0]!;
}

describe("a session that may be at hand", () => {
  test("is waited for until somebody has asked for it: what is known then is known to all guards", async () => {
    const { request } = application();
    const auth = request();
    assert.equal(auth.mayBeAtHand, true);
    await auth.session();
    assert.equal(auth.mayBeAtHand, false);
  });
});

describe("a browser", () => {
  test("is known to the accounts that signed in there, and to no other, until its cookie is 400 days old", async () => {
    const { request, clock } = application({ keys: [generateKey()] });
    const auth = request();
    assert.equal(auth.isKnownDevice("ada"), false);
    assert.equal(await auth.attempt("ada"), undefined);
    await auth.login("id of ada");
    const cookies = auth.responseHeaders()!["Set-Cookie"];
    const cookie = cookies.map((line) => line.split(";", 1)[0]).join("; ");
    const back = request({ headers: { cookie } });
    assert.equal(back.isKnownDevice(" ADA"), true);
    assert.equal(back.isKnownDevice("bob"), false);
    const elsewhere = application({ keys: [generateKey()] }).request({ headers: { cookie } });
    assert.equal(elsewhere.isKnownDevice("ada"), false);
    assert.equal(application().request({ headers: { cookie } }).isKnownDevice("ada"), false);
    clock.advance(400 * 24 * 60 * 60_000);
    assert.equal(request({ headers: { cookie } }).isKnownDevice("ada"), false);
  });
});

describe("a session that is only asked about", () => {
  // Proves ASVS 7.3.1.
  test("dies when it would have died, and says when (NIST 5.2)", async () => {
    const { request, clock, sessions } = application();
    const first = request({ headers: { host: "localhost" } });
    const { expiresAt } = await first.login("ada");
    const headers = { host: "localhost", cookie: cookieOf(first) };
    while (clock.now() < expiresAt) {
      const auth = request({ headers });
      assert.equal((await auth.peek())?.expiresAt, expiresAt);
      assert.equal(auth.responseHeaders()?.["Set-Cookie"].length ?? 0, 0, "It is not renewed");
      await sessions.close();
      clock.advance(60_000);
    }
    assert.equal(await request({ headers }).peek(), undefined);
    assert.equal(await request({ headers }).session(), undefined);
  });

  test("is used as ever by the same request, when its session is asked for afterwards", async () => {
    const { request, clock, sessions } = application();
    const first = request({ headers: { host: "localhost" } });
    const { id, expiresAt } = await first.login("ada");
    clock.advance(60_000);
    const auth = request({ headers: { host: "localhost", cookie: cookieOf(first) } });
    await auth.peek();
    await auth.session();
    await sessions.close();
    assert.equal((await sessions.find(id))?.expiresAt, expiresAt + 60_000);
  });
});

describe("a response that has begun", () => {
  test("gets no cookie any more, and a verb that nobody awaited is reported once", async () => {
    const { request, warnings } = application();
    for (let times = 0; times < 2; times++) {
      const auth = request({ headers: { host: "localhost" } });
      const login = auth.login("ada");
      assert.deepEqual(auth.responseHeaders()?.["Set-Cookie"], []);
      await login;
    }
    assert.equal(warnings.length, 1);
    assert.match(warnings[0]!, /Await them before you answer/);
  });

  test("starts no renewal, for it could not carry the successor", async () => {
    const { request, clock, warnings } = application();
    const first = request({ headers: { host: "localhost" } });
    await first.login("ada");
    const cookie = cookieOf(first);
    clock.advance(60_000);
    const late = request({ headers: { cookie } });
    assert.equal(late.responseHeaders(), undefined);
    assert.equal((await late.session())?.userId, "ada");
    assert.deepEqual(late.responseHeaders()?.["Set-Cookie"], []);
    assert.deepEqual(warnings, []);
    const next = request({ headers: { cookie } });
    await next.session();
    assert.notEqual(cookieOf(next), cookie);
  });
});

describe("a cookie that browsers drop", () => {
  test("is reported with advice that fits where the peer has no address", async () => {
    const { request, warnings } = application();
    await request({ headers: { host: "shop.example", "x-forwarded-proto": "https" } }).login("ada");
    assert.match(warnings[0]!, /unknown address .* Set origin to the https address$/);
  });

  test("is reported for the host that a declared proxy was asked for", async () => {
    const { request, warnings } = application({ trustedProxies: ["private"] });
    const headers = {
      host: "localhost:3000",
      "x-forwarded-host": "shop.example",
      "x-forwarded-proto": "http",
    };
    await request({ headers, remoteAddress: "10.0.0.1" }).login("ada");
    assert.match(warnings[0]!, /plain http on shop\.example/);
  });
});

describe("carrying over", () => {
  test("refuses a key that was not declared, and says where to declare it", () => {
    const { request } = application({ keys: [generateKey()], carryOver: ["cart"] });
    assert.throws(() => request().carry({ cart: [], role: "admin" }), /"role": add it to carryOver/);
    assert.deepEqual(request().carried(), {});
    assert.throws(() => application().request().carry({ cart: [] }), TypeError);
  });
});

describe("a session that was at hand", () => {
  for (const verb of ["logout", "login"] as const) {
    test(`is not looked up again by ${verb}, which an outage or a renewal that falls due would spoil`, async () => {
      const { request, clock, store } = application();
      const first = request({ headers: { host: "localhost" } });
      const { id } = await first.login("ada");
      const auth = request({ headers: { host: "localhost", cookie: cookieOf(first) } });
      assert.equal((await auth.session())?.id, id);
      clock.advance(60_000);
      let lookups = 0;
      store.find = async () => {
        lookups++;
        throw new Error("connect ECONNREFUSED");
      };
      await auth[verb]("ada");
      assert.equal(lookups, 0);
      assert.equal(store.recent(id), undefined);
    });
  }
});
