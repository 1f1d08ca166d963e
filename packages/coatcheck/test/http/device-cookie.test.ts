import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { companionCookie, resolveCookie } from "../../src/http/cookie.ts";
import { DeviceCookie, deviceLifetime } from "../../src/http/device-cookie.ts";
import { generateKey, KeyRing } from "../../src/http/key-ring.ts";
import { accountDigest } from "../../src/throttle/sign-in-attempt.ts";

const keys = new KeyRing([generateKey()]);
const settings = companionCookie(resolveCookie(), "device");
const device = new DeviceCookie(settings, keys);
const now = Date.UTC(2030, 0, 1);
const [ada, bob] = ["ada", "bob"].map(accountDigest) as [string, string];

const header = (value: string) => `theme=dark; __Host-device=${value}`;
const after = (account: string, before?: string) => header(device.valueAfter(account, before, now));

describe("The cookie of a known device", () => {
  test("is known to the accounts that signed in, each by a name of its own", () => {
    const both = after(bob, after(ada));
    const names = [ada, bob].map((account) => device.deviceOf(account, both, now));
    assert.equal(new Set(names).size, 2);
    assert.ok(!names.includes(undefined));
    assert.equal(device.deviceOf(accountDigest("eve"), both, now), undefined);
  });

  test("has a new name for the account that signs in, and the same for the others", () => {
    const before = after(bob, after(ada));
    const then = after(ada, before);
    assert.notEqual(device.deviceOf(ada, then, now), device.deviceOf(ada, before, now));
    assert.equal(device.deviceOf(bob, then, now), device.deviceOf(bob, before, now));
  });

  test("remembers the five accounts that signed in last", () => {
    const accounts = Array.from({ length: 7 }, (_, index) => accountDigest(`user${index}`));
    let cookie: string | undefined;
    for (const account of [...accounts, accounts[2]!]) cookie = after(account, cookie);
    const known = accounts.map((account) => device.deviceOf(account, cookie, now) !== undefined);
    assert.deepEqual(known, [false, false, true, true, true, true, true]);
    assert.ok(cookie!.length < 600, "Browsers have room for it");
  });

  // Proves NIST 5.1.1.
  test("shows neither accounts nor names", () => {
    const value = device.valueAfter(ada, undefined, now);
    assert.ok(!value.includes(ada.slice(0, 22)));
  });

  test("opens for 400 days", () => {
    const cookie = after(ada);
    assert.ok(device.deviceOf(ada, cookie, now + deviceLifetime - 1));
    assert.equal(device.deviceOf(ada, cookie, now + deviceLifetime), undefined);
  });

  test("that is forged, of another key or another purpose is none", () => {
    const other = new KeyRing([generateKey()]);
    const forgeries = [
      "",
      `${ada.slice(0, 22)}aaaaaaaaaaaaaaaa`,
      other.seal("device", settings.name, `${ada.slice(0, 22)}name`, now + 1),
      keys.seal("session", settings.name, `${ada.slice(0, 22)}name`, now + 1),
      keys.seal("device", "__Host-other", `${ada.slice(0, 22)}name`, now + 1),
    ];
    for (const value of forgeries) assert.equal(device.deviceOf(ada, header(value), now), undefined);
  });

  test("that came twice is none", () => {
    const cookie = after(ada);
    assert.equal(device.deviceOf(ada, `${cookie}; ${cookie}`, now), undefined);
  });
});
