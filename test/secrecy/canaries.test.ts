/** The search for secrets finds them: a search that finds nothing proves nothing until it does. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, test } from "node:test";
import { inspect } from "node:util";
import { Canaries } from "./canaries.ts";

const token = randomBytes(32).toString("base64url");
const password = `tea "kettle" & <window>/'stairs'`;

function planted(): Canaries {
  const canaries = new Canaries();
  canaries.plant("token", token);
  canaries.plant("password", password);
  return canaries;
}

const disguises: Readonly<Record<string, (secret: string) => string | Uint8Array>> = {
  "as it is": (secret) => secret,
  "in JSON": (secret) => JSON.stringify({ secret }),
  "in JSON in JSON": (secret) => JSON.stringify(JSON.stringify([secret.replaceAll('"', "")])),
  "in base64": (secret) => btoa(secret),
  "in base64 behind a name": (secret) => btoa(`ada:${secret}`),
  "in base64 behind a longer name": (secret) => btoa(`eve@:${secret}:`),
  "in base64url": (secret) => Buffer.from(`x${secret}`).toString("base64url"),
  "in hex": (secret) => Buffer.from(secret).toString("hex"),
  "in capital hex": (secret) => Buffer.from(secret).toString("hex").toUpperCase(),
  "in a URL": (secret) => `/login?secret=${encodeURIComponent(secret)}`,
  "in a form": (secret) => new URLSearchParams({ secret }).toString(),
  "every character of it escaped": (secret) =>
    [...Buffer.from(secret)].map((byte) => `%${byte.toString(16)}`).join(""),
  "in UTF-16": (secret) => Buffer.from(secret, "utf16le"),
  "as an inspected buffer": (secret) => inspect(Buffer.from(secret)),
  "as a buffer in JSON": (secret) => JSON.stringify(Buffer.from(secret)),
  "as bytes among others": (secret) => Buffer.concat([Buffer.of(0, 255), Buffer.from(secret), Buffer.of(0)]),
};

const ofDecoded: Readonly<Record<string, (secret: Buffer) => string | Uint8Array>> = {
  "as bytes": (secret) => Buffer.concat([Buffer.of(7), secret]),
  "in base64": (secret) => Buffer.concat([Buffer.of(7), secret]).toString("base64"),
  "in hex": (secret) => secret.toString("hex"),
  inspected: (secret) => inspect(secret),
};

describe("a secret is found", () => {
  for (const [how, disguise] of Object.entries(disguises)) {
    test(how, () => {
      for (const [name, secret] of Object.entries({ token, password })) {
        if (how === "in JSON in JSON" && name === "password") continue;
        const content = disguise(secret);
        const seen = planted().sightings([{ place: "log", content }]);
        assert.deepEqual([...new Set(seen.map(({ secret }) => secret))], [name]);
        assert.equal(seen[0]!.place, "log");
      }
    });
  }

  for (const [how, disguise] of Object.entries(ofDecoded)) {
    test(`decoded, ${how}`, () => {
      const content = disguise(Buffer.from(token, "base64url"));
      assert.notDeepEqual(planted().sightings([{ place: "log", content }]), []);
    });
  }

  test("by either of its halves", () => {
    for (const content of [token.slice(0, 21), token.slice(-21)]) {
      assert.notDeepEqual(planted().sightings([{ place: "log", content }]), []);
    }
  });
});

test("a report of secrets holds none", () => {
  const seen = planted().sightings([{ place: "log", content: `${token} ${password}` }]);
  assert.deepEqual(planted().sightings([{ place: "report", content: JSON.stringify(seen) }]), []);
});

test("a hash of a secret is none", () => {
  const others = Array.from({ length: 500 }, () => randomBytes(48).toString("base64url")).join("\n");
  assert.deepEqual(planted().sightings([{ place: "log", content: others }]), []);
});

test("what is too short to be looked for is refused", () => {
  assert.throws(() => new Canaries().plant("pin", "1234567"), TypeError);
});
