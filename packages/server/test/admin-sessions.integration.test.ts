/** Searching the sessions of everybody, and ending them: as pages and as JSON, wherever sessions are. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { ada, startTestServer, type TestServer, withAda } from "./support/test-server.ts";
import type { Visitor } from "./support/visitor.ts";

const minute = 60_000;
const password = "lemon hedgehog violin snail";
const phone =
  "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1";
const chrome =
  "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";
const edge = `${chrome} Edg/140.0.0.0`;

const stores: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "the database": {},
  memory: { COATCHECK_SESSIONS: "memory:" },
};

for (const [where, env] of Object.entries(stores)) {
  describe(`the sessions of everybody, kept in ${where}`, () => {
    let server: TestServer;
    let admin: Visitor;
    const people = ["grace@example.com", "grace.hopper@example.com", "barbara@example.com"];
    const visitors: Record<string, Visitor> = {};

    before(async () => {
      // Behind a proxy of this machine, so that people come from other places.
      server = await startTestServer({ env: { ...withAda, ...env, COATCHECK_TRUST_PROXY: "127.0.0.1" } });
      admin = await server.signedIn();
      for (const email of people) await server.addUser({ email, password });
      const places = [
        ["phone", people[0], phone, "203.0.113.7"],
        ["chrome", people[0], chrome, "198.51.100.1"],
        ["edge", people[1], edge, "203.0.113.70"],
        ["script", people[2], "<script>alert(1)</script>", "2001:db8::1"],
      ] as const;
      for (const [name, email, userAgent, ip] of places) {
        server.clock.now += minute;
        const visitor = server.visitor(userAgent);
        const sent = await visitor.send("POST", "/api/login", {
          headers: { "content-type": "application/json", "x-forwarded-for": ip },
          body: JSON.stringify({ email, password }),
        });
        assert.equal(sent.status, 200, sent.text);
        visitors[name] = visitor;
      }
      await server.running.flushDirectory();
    });
    after(() => server[Symbol.asyncDispose]());

    async function found(query: string): Promise<string[]> {
      const answer = await admin.call("GET", `/api/admin/sessions?${query}`);
      assert.equal(answer.status, 200, answer.text);
      const names = Object.entries(visitors);
      const ids = await Promise.all(names.map(([, visitor]) => visitor.sessionId()));
      return answer.json().sessions.map(({ id }: { id: string }) => names[ids.indexOf(id)]?.[0] ?? "admin");
    }

    test("are found by user, address and device, in each order", async () => {
      const ago = (minutes: number) => new Date(server.clock.now - minutes * minute).toISOString();
      const asked: Readonly<Record<string, readonly string[]>> = {
        [`sort=signed-in&from=${ago(2)}&to=${ago(0)}`]: ["edge", "chrome"],
        [`activeFrom=${ago(-1)}`]: [],
        [`activeTo=${ago(60)}`]: [],
        "sort=signed-in": ["script", "edge", "chrome", "phone", "admin"],
        "sort=signed-in&direction=ascending": ["admin", "phone", "chrome", "edge", "script"],
        "sort=signed-in&user=grace%40example.com": ["chrome", "phone"],
        "sort=signed-in&user=id%20of%20grace%40example.com": ["chrome", "phone"],
        "user=barbara": ["script"],
        "user=nobody": [],
        "address=203.0.113.7": ["phone"],
        "sort=signed-in&address=203.0.113.": ["edge", "phone"],
        "address=2001:DB8:": ["script"],
        "device=iphone": ["phone"],
        "device=Safari": ["phone"],
        "device=Chrome": ["chrome"],
        "device=Microsoft%20Edge%20on%20Windows": ["edge"],
        "sort=signed-in&device=windows&address=198.51.100.1": ["chrome"],
      };
      for (const [query, expected] of Object.entries(asked))
        assert.deepEqual(await found(query), expected, query);
      assert.deepEqual((await found("")).toSorted(), ["admin", "chrome", "edge", "phone", "script"]);
      const users = (await admin.call("GET", "/api/admin/sessions?sort=user")).json().sessions;
      const order: string[] = users.map(({ user }: { user: { id: string } }) => user.id);
      assert.deepEqual(order, order.toSorted());
    });

    test("are found by as many words as anybody types, of which each counts", async () => {
      const many = "win ".repeat(60);
      assert.deepEqual(await found(`device=${encodeURIComponent(`${many} edge`)}`), ["edge"]);
      assert.deepEqual(await found(`device=${encodeURIComponent(`${many} edge nokia`)}`), []);
      const most = encodeURIComponent("w ".repeat(128));
      assert.equal((await found(`sort=signed-in&device=${most}`)).includes("edge"), true);
      const { status } = await admin.get(`/admin/sessions?device=${most}`);
      assert.equal(status, 200);
    });

    test("are paged both ways as JSON", async () => {
      const path = "/api/admin/sessions?sort=signed-in&limit=2";
      const first = (await admin.call("GET", path)).json();
      const second = (await admin.call("GET", `${path}&after=${first.next}`)).json();
      assert.equal(first.previous, undefined);
      assert.deepEqual(
        (await admin.call("GET", `${path}&before=${second.previous}`)).json().sessions,
        first.sessions,
      );
      for (const wrong of [
        "after=x",
        `before=${first.next}&after=${first.next}`,
        `sort=user&after=${first.next}`,
        "limit=0",
        "sort=x",
      ]) {
        const answer = await admin.call("GET", `/api/admin/sessions?${wrong}`);
        assert.equal(answer.json().type, "urn:coatcheck:problem:invalid-input", wrong);
      }
    });

    test("stand on a page, escaped, with who, where and since when, and links to the rest", async () => {
      const { text } = await admin.get("/admin/sessions?user=barbara");
      assert.match(text, /barbara@example\.com/);
      assert.match(text, /2001:db8::1/);
      assert.match(text, /<time datetime="[^"]+" title="[^"]+ UTC">/);
      assert.doesNotMatch(text, /<script>alert/);
      assert.match(
        text,
        /href="\/admin\/users\/[^"]+\/end-sessions"[^>]*>End all sessions of barbara@example\.com/,
      );
      const all = (await admin.get("/admin/sessions")).text;
      assert.match(all, /This device/);
      assert.equal(all.match(/class="button danger small"/g)?.length, 4, "One's own is ended under Devices");
      assert.match(all, /<a href="\/admin\/sessions\?address=198\.51\.100\.1">/);
      assert.match(all, /<a href="\/admin\/sessions" aria-current="page">/);
      const several = (await admin.get("/admin/sessions?user=grace")).text;
      assert.match(several, /Whom do you mean\?[\s\S]*user=grace\.hopper%40example\.com/);
      assert.match((await admin.get("/admin/sessions?device=opera")).text, /No session is like this/);
    });

    test("are each ended after a question, which leads back to what was searched for", async () => {
      const id = await visitors.edge!.sessionId();
      const path = `/admin/sessions/end?address=203.0.113.&session=${id}`;
      const question = (await admin.get(path)).text;
      assert.match(question, /End this session\?[\s\S]*grace\.hopper@example\.com/);
      assert.equal(await visitors.edge!.isSignedIn(), true, "Asking ends nothing");
      const ended = await admin.submit("/admin/sessions/end", { session: id, address: "203.0.113." }, path);
      assert.equal(ended.location, "/admin/sessions?address=203.0.113.&done=session-ended");
      assert.equal(await visitors.edge!.isSignedIn(), false);
      const { text } = await admin.get(ended.location!);
      assert.match(text, /The session has ended\./);
      // At once, and not when it is noted.
      assert.doesNotMatch(text, /grace\.hopper/);
      assert.equal((await admin.get(path)).location, "/admin/sessions?address=203.0.113.&done=session-gone");
      const again = await admin.submit("/admin/sessions/end", { session: id }, "/admin/sessions");
      assert.equal(again.location, "/admin/sessions?done=session-gone");
      delete visitors.edge;
    });

    test("are shown, and found, where a client does not say what it is", async () => {
      const silent = server.visitor("");
      await silent.signIn({ email: people[2]!, password });
      await server.running.flushDirectory();
      for (const text of [
        (await silent.get("/devices")).text,
        (await admin.get("/admin/sessions?user=barbara")).text,
      ]) {
        assert.match(text, /Unknown device/);
      }
      await silent.call("POST", "/api/logout");
    });

    test("come up without anybody who is not asked for in the address of a page", async () => {
      const { status, text } = await admin.get("/admin/sessions?sort=%3Cb%3E&after=x&user=%3Cb%3E");
      assert.equal(status, 200);
      assert.doesNotMatch(text, /<b>/);
      const asAda = (await admin.call("GET", `/api/admin/sessions?email=${ada.email}`)).json();
      assert.equal(asAda.user.email, ada.email);
      assert.equal(asAda.sessions[0].user.email, ada.email);
    });
  });
}

test("a page leads on, back, and to the first one, by links that need no script", async () => {
  await using server = await startTestServer();
  const admin = await server.signedIn();
  const { now } = server.clock;
  server.sql(`
    INSERT INTO coatcheck_sessions (id, user_id, family_hash, secret_hash, secret_issued_at, superseded, secret_revision,
      created_at, authenticated_at, amr, last_seen_at, active_at, expires_at, client, data, data_version, data_revision)
    WITH RECURSIVE numbers (value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM numbers WHERE value < 119)
    SELECT printf('%025d', value), 'user' || value, 'x', 'x', 1, '[]', 0, ${now} - value, 1, '["pwd"]', ${now} - value,
      ${now} - value, ${now} + 60000, '{}', '{}', 1, 0 FROM numbers`);
  const look = async (path: string) => {
    const { text } = await admin.get(path);
    const links = [...text.matchAll(/<a class="button plain" href="([^"]+)">([^<]+)</g)];
    return {
      shown: [...text.matchAll(/\?session=([\w-]+)/g)].map(([, id]) => id),
      // The first one is that of the search.
      links: Object.fromEntries(links.map(([, href, name]) => [name, href!.replaceAll("&amp;", "&")])),
    };
  };
  const first = await look("/admin/sessions");
  assert.deepEqual(Object.keys(first.links), ["Next"]);
  const second = await look(first.links.Next!);
  assert.deepEqual(Object.keys(second.links), ["First page", "Back", "Next"]);
  const third = await look(second.links.Next!);
  assert.deepEqual(Object.keys(third.links), ["First page", "Back"]);
  assert.equal(third.links["First page"], "/admin/sessions");
  const all = [first, second, third].flatMap(({ shown }) => shown);
  assert.deepEqual(
    all,
    Array.from({ length: 119 }, (_, index) => String(index + 1).padStart(25, "0")),
  );
  assert.deepEqual((await look(third.links.Back!)).shown, second.shown);
  const back = await look((await look(third.links.Back!)).links.Back!);
  assert.deepEqual(back.shown, first.shown);
});

test("a page shows those that are, or are not, of late, and remembers what was chosen", async () => {
  await using server = await startTestServer();
  await server.signedIn();
  server.clock.now += 20 * 60_000;
  const admin = await server.signedIn();
  const look = async (time: string) => (await admin.get(`/admin/sessions?time=${time}`)).text;
  const counts = {
    "": 2,
    "active-10m": 1,
    "idle-10m": 1,
    "new-1h": 2,
    "old-1h": 0,
    "old-6h": 0,
    toString: 2,
  };
  for (const [time, count] of Object.entries(counts))
    assert.equal((await look(time)).match(/<li class="sheet device/g)?.length ?? 0, count, time);
  assert.match(await look("active-10m"), /This device/);
  const others = await look("idle-10m");
  assert.doesNotMatch(others, /This device/);
  assert.match(others, /<option value="idle-10m" selected>/);
  assert.match(others, /\/admin\/sessions\/end\?time=idle-10m&amp;session=/);
  assert.match(await look("old-1h"), /No session is like this/);
});
