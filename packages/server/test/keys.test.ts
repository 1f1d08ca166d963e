import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { inspect } from "node:util";
import { generateKey } from "coatcheck";
import {
  type DatedKey,
  firstKeys,
  idOf,
  inUse,
  promotionDelay,
  retirementAge,
  rotated,
  stateOf,
} from "../src/keys/dated-key.ts";
import { KeyFileError, openKeyFile, readKeyFile, replaceKeyFile } from "../src/keys/key-file.ts";
import { ServerKeys } from "../src/keys/server-keys.ts";

const now = Date.UTC(2030, 0, 1);
const name = "__Host-session";

describe("rotation", () => {
  const first = firstKeys(now);
  const second = rotated(first, now);

  test("begins with one key, which seals at once", () => {
    assert.equal(first.length, 1);
    assert.deepEqual(inUse(first, now), [first[0]!.key]);
  });

  test("lets a new key seal only after every server has had the time to learn of it", () => {
    const [fresh, old] = second as [DatedKey, DatedKey];
    assert.deepEqual(inUse(second, now), [old.key, fresh.key]);
    assert.deepEqual(inUse(second, now + promotionDelay - 1), [old.key, fresh.key]);
    assert.deepEqual(inUse(second, now + promotionDelay), [fresh.key, old.key]);
    const states = (at: number) => second.map((key) => stateOf(key, second, at));
    assert.deepEqual(states(now), ["next", "seals"]);
    assert.deepEqual(states(now + promotionDelay), ["seals", "opens"]);
  });

  // Proves ASVS 13.3.4, ASVS 13.1.4.
  test("keeps a replaced key for the 400 days that a cookie can live, then drops it", () => {
    const replacedAt = now + promotionDelay;
    assert.equal(rotated(second, replacedAt + retirementAge - 1).length, 3);
    const later = rotated(second, replacedAt + retirementAge);
    assert.deepEqual(
      later.slice(1).map(({ key }) => key),
      [second[0]!.key],
    );
  });

  test("several times within a minute loses no key", () => {
    let keys = first;
    for (let times = 0; times < 5; times++) keys = rotated(keys, now + times);
    assert.equal(keys.length, 6);
    assert.deepEqual(inUse(keys, now + 10)[0], first[0]!.key);
    assert.deepEqual(inUse(keys, now + promotionDelay + 10)[0], keys[0]!.key);
  });

  test("has a key that seals even where the clock was turned back behind all of them", () => {
    assert.equal(inUse(second, 0)[0], first[0]!.key);
  });
});

describe("the file of keys", () => {
  let folder = "";
  let file = "";
  const warnings: string[] = [];
  const warn = (message: string) => void warnings.push(message);
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "coatcheck-keys-"));
    file = join(folder, "coatcheck.db.keys");
    warnings.length = 0;
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  // Proves ASVS 13.3.1.
  test("is made once, for its owner alone, and read by everybody who comes later", () => {
    const keys = openKeyFile(file, now, warn);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.deepEqual(openKeyFile(file, now + 1, warn), keys);
    assert.deepEqual(readKeyFile(file), keys);
    assert.equal(keys[0]!.sealsFrom, now);
    assert.deepEqual(readdirSync(folder), ["coatcheck.db.keys"]);
    assert.deepEqual(warnings, []);
  });

  test("is replaced whole, and stays its owner's", () => {
    const keys = rotated(openKeyFile(file, now, warn), now);
    replaceKeyFile(file, keys);
    assert.deepEqual(readKeyFile(file), keys);
    assert.equal(statSync(file).mode & 0o777, 0o600);
  });

  test("that others could read is closed to them, and that is told", () => {
    openKeyFile(file, now, warn);
    chmodSync(file, 0o644);
    openKeyFile(file, now, warn);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.match(warnings.join(), /could be read by other users.*keys rotate --retire-old/);
  });

  test("that is damaged is refused with what to do, not made anew, and not shown", () => {
    openKeyFile(file, now, warn);
    const whole = readFileSync(file, "utf8");
    const secret = /:([\w-]{43})/.exec(whole)![1]!;
    const damages = [
      "",
      "# only words\n",
      whole.slice(0, -30),
      whole.replace(/:(?=[\w-]{43})/, ""),
      `${whole}${whole}`,
      whole.replace(/ \d{4}-.*/, ""),
    ];
    for (const damage of damages) {
      writeFileSync(file, damage);
      assert.throws(
        () => openKeyFile(file, now, warn),
        (error) => {
          assert.ok(error instanceof KeyFileError);
          assert.match(error.message, /are damaged: .* delete it, and everybody has to sign in again/);
          assert.ok(!inspect(error).includes(secret.slice(0, 20)));
          return true;
        },
      );
      assert.equal(readFileSync(file, "utf8"), damage);
    }
  });

  test("that cannot be made is an error that says what to do", () => {
    assert.throws(() => openKeyFile(join(folder, "nowhere", "x.keys"), now, warn), /or set COATCHECK_SECRET/);
    assert.throws(() => openKeyFile(folder, now, warn), KeyFileError);
  });

  test("is taken up by a server that runs, without a restart; who was sealed before is still in", () => {
    let time = now;
    const keys = new ServerKeys({ kind: "file", file }, () => time, warn);
    try {
      const seal = () => keys.ring.seal("session", name, "ticket", now + 86_400_000);
      const isOpen = (envelope: string) => keys.ring.open("session", name, envelope, time) === "ticket";
      const old = seal();
      replaceKeyFile(file, rotated(readKeyFile(file)!, time));
      const fresh = readKeyFile(file)![0]!;
      keys.refresh();
      assert.ok(!seal().startsWith(idOf(fresh.key)), "Others may not know the key yet");
      assert.deepEqual(
        [...keys.ring.ids].reverse(),
        readKeyFile(file)!.map(({ key }) => idOf(key)),
      );
      time += promotionDelay;
      keys.refresh();
      assert.ok(seal().startsWith(idOf(fresh.key)));
      assert.ok(isOpen(old));
      replaceKeyFile(file, firstKeys(time));
      keys.refresh();
      assert.ok(!isOpen(old), "What was sealed under a retired key is out");
    } finally {
      keys.close();
    }
  });

  test("that breaks while a server runs is reported once, and the server goes on", () => {
    const keys = new ServerKeys({ kind: "file", file }, () => now, warn);
    try {
      const { ids } = keys.ring;
      rmSync(file);
      for (let times = 0; times < 3; times++) keys.refresh();
      assert.equal(warnings.length, 1);
      assert.match(warnings[0]!, /are gone/);
      writeFileSync(file, "nonsense");
      for (let times = 0; times < 3; times++) keys.refresh();
      assert.equal(warnings.length, 2);
      assert.deepEqual(keys.ring.ids, ids);
    } finally {
      keys.close();
    }
  });

  test("keys that are given have no file", () => {
    const given = [generateKey(), generateKey()];
    const keys = new ServerKeys({ kind: "given", keys: given }, () => now, warn);
    keys.refresh();
    keys.close();
    assert.deepEqual(keys.ring.ids, given.map(idOf));
    assert.deepEqual(readdirSync(folder), []);
  });
});
