import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { clientIn, readClient } from "../../src/core/stored.ts";

describe("A stored client", () => {
  const clients = [
    { ip: "192.0.2.7", userAgent: "Firefox/128.0", language: "en-GB,en;q=0.9" },
    { ip: "2001:db8::7", userAgent: "", language: "größe \u{1f9e5}" },
    { ip: "192.0.2.7", userAgent: '"Firefox" \\ \t', language: "\ud800" },
    { ip: "192.0.2.7", userAgent: '","language":"de', language: "en" },
    { language: "en", userAgent: "Firefox/128.0", ip: "192.0.2.7" },
    { ip: "192.0.2.7", language: "en" },
    { userAgent: "Firefox/128.0" },
    {},
  ];

  test("is what was written, whatever a browser said", () => {
    for (const client of clients) assert.deepEqual(clientIn(JSON.stringify(client)), client);
  });

  test("is read by whatever wrote the same JSON", () => {
    const [client] = clients;
    assert.deepEqual(clientIn(JSON.stringify(client, undefined, 1)), client);
    assert.deepEqual(clientIn(`${JSON.stringify(client)}\n`), client);
  });

  test("is not guessed from what is damaged, and the error does not quote it", () => {
    const whole = '{"ip":"192.0.2.7","userAgent":"Firefox","language":"en"}';
    const damaged = [
      whole.slice(0, -1),
      whole.slice(1),
      `${whole}}`,
      whole.replace("Firefox", 'Fire"fox'),
      whole.replace("Firefox", "Fire\nfox"),
      whole.replace("Firefox", "Fire\\x"),
      whole.replace('"en"', "7"),
      whole.replace(",", ""),
      '["192.0.2.7","Firefox","en"]',
      "null",
      "",
    ];
    for (const text of damaged) {
      assert.equal(clientIn(text), undefined, text);
      assert.throws(() => readClient(text), {
        message: "A stored session is damaged: its client cannot be read",
      });
    }
  });
});
