import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { html } from "../src/pages/html.ts";
import { languages } from "../src/words/language.ts";
import { counted } from "../src/words/plural.ts";
import { wordsIn } from "../src/words/words.ts";
import { startTestServer, type TestServer } from "./support/test-server.ts";

/** Every text of a catalogue under its path; those with something to fill in, with stand-ins filled in. */
function textsOf(words: object, path = ""): [path: string, text: string][] {
  return Object.entries(words).flatMap(([name, value]): [string, string][] => {
    const here = `${path}.${name}`;
    if (typeof value === "string") return [[here, value]];
    if (typeof value === "function") return [[here, filledIn(value)]];
    return textsOf(value, here);
  });
}

/** A stand-in is text, a number, and what makes text into a link. */
function filledIn(text: (...values: unknown[]) => unknown): string {
  const links = Array.from({ length: text.length }, () => (linked: string) => html`<a>${linked}</a>`);
  const texts = Array.from({ length: text.length }, () => "stand-in");
  try {
    return String(text(...links));
  } catch {
    return String(text(...texts));
  }
}

describe("the words of our pages", () => {
  test("are there in every language, and in Russian are Russian", () => {
    const paths = textsOf(wordsIn("en")).map(([path]) => path);
    assert.ok(paths.length > 150);
    assert.deepEqual(
      textsOf(wordsIn("ru")).map(([path]) => path),
      paths,
    );
    const names = new Set([".language", ".locale", ".docs.title"]);
    for (const [path, text] of textsOf(wordsIn("ru"))) {
      if (!names.has(path)) assert.match(text, /\p{Script=Cyrillic}/u, path);
    }
    for (const [path, text] of textsOf(wordsIn("en")))
      assert.doesNotMatch(text, /\p{Script=Cyrillic}/u, path);
  });

  test("count as the language does", () => {
    const many = (count: number) => wordsIn("ru").devices.endOthersLead(count);
    assert.match(many(1), /на 1 устройстве\./);
    assert.match(many(21), /на 21 устройстве\./);
    assert.match(many(5), /на 5 устройствах\./);
    assert.equal(counted("en", 1, { one: "device", other: "devices" }), "1 device");
    assert.equal(counted("en", 1_500, { one: "device", other: "devices" }), "1,500 devices");
  });
});

describe("a page speaks", () => {
  const page = async (server: TestServer, path: string, headers: Record<string, string>) => {
    const answer = await server.visitor().send("GET", path, { headers: { accept: "text/html", ...headers } });
    return { ...answer, language: /<html lang="(\w+)">/.exec(answer.text)?.[1] };
  };

  test("what was chosen by its switch, then and later; else what the browser asks for; else English", async () => {
    await using server = await startTestServer();
    const asked = await page(server, "/login", { "accept-language": "de, ru;q=0.8, en;q=0.5" });
    assert.equal(asked.language, "ru");
    assert.match(asked.headers.get("vary")!, /Accept-Language/);
    assert.match(asked.text, /href="\/login\?lang=en"/);
    assert.equal((await page(server, "/login", { "accept-language": "de" })).language, "en");
    const chosen = await page(server, "/login?lang=en", { "accept-language": "ru" });
    assert.equal(chosen.language, "en");
    const [cookie] = chosen.headers.getSetCookie();
    assert.match(cookie!, /^__Host-language=en; Max-Age=34560000; Path=\/; HttpOnly; Secure; SameSite=Lax$/);
    const later = { "accept-language": "ru", cookie: "__Host-language=en" };
    assert.equal((await page(server, "/login", later)).language, "en");
    assert.equal((await page(server, "/login?lang=xx", later)).language, "en");
    assert.equal((await page(server, "/nowhere", { "accept-language": "ru" })).language, "ru");
  });

  test("what was chosen, of which a shared cache that keeps a picture hears nothing (CVE-2023-30861)", async () => {
    await using server = await startTestServer();
    const [, icon] = /href="(\/assets\/icon[^"]*)"/.exec((await page(server, "/login", {})).text)!;
    const kept = await page(server, `${icon}?lang=ru`, {});
    assert.match(kept.headers.get("cache-control")!, /^public/);
    assert.deepEqual(kept.headers.getSetCookie(), []);
  });

  test("of what went wrong, in every language, and keeps its errors for programs in English", async () => {
    await using server = await startTestServer();
    for (const language of languages) {
      const headers = {
        accept: "text/html",
        "accept-language": language,
        "content-type": "application/x-www-form-urlencoded",
      };
      const { text } = await server.visitor().send("POST", "/login", { headers, body: "email=&password=" });
      const { faults } = wordsIn(language);
      assert.ok(
        text.includes(faults["email-missing"]) && text.includes(faults["password-missing"]),
        language,
      );
    }
    const headers = { "accept-language": "ru", "content-type": "application/json" };
    const body = JSON.stringify({ email: "ada@example.com", password: "x" });
    const problem = (await server.visitor().send("POST", "/api/login", { headers, body })).json();
    assert.equal(problem.detail, wordsIn("en").faults["wrong-credentials"]);
  });
});
