import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { InvalidDataError } from "../../src/core/errors.ts";
import { resolveAuth } from "../../src/http/auth-settings.ts";
import { CarryOver } from "../../src/http/carry-over.ts";
import { resolveCookie, serializeCookie } from "../../src/http/cookie.ts";
import { generateKey, KeyRing } from "../../src/http/key-ring.ts";

const keys = new KeyRing([generateKey()]);
const name = "__Host-carry-over";
const now = Date.UTC(2030, 0, 1);

/** A browser that visits an application which carries these names. */
function visitor() {
  let cookie: string | undefined;
  const visit = (names: readonly string[] = ["cart", "returnTo"]) =>
    new CarryOver(resolveCookie(), keys, names, {
      cookie,
      now,
      set: (settings, value) => {
        assert.equal(settings.name, name);
        if (value !== undefined) serializeCookie(settings, value, { secure: true });
        cookie = value === undefined ? undefined : `${name}=${value}`;
      },
    });
  const plant = (text: string) => {
    cookie = text;
  };
  return { visit, plant, holds: () => cookie !== undefined };
}

describe("what a visitor carries", () => {
  test("comes back as JSON, of any kind and under any name", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 20 }), fc.jsonValue({ maxDepth: 2 }), (key, value) => {
        const { visit } = visitor();
        visit([key]).carry({ [key]: value });
        const { values } = visit([key]).carried;
        assert.deepEqual(Object.keys(values), [key]);
        assert.deepEqual(values[key], JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  test("fits into the cookie up to 2048 bytes of JSON; more is refused and changes nothing", () => {
    const { visit } = visitor();
    const around = JSON.stringify({ values: { cart: "" }, messages: {} }).length;
    const full = "ü".repeat((2048 - around) / 2);
    visit().carry({ cart: full });
    assert.equal(visit().carried.values.cart, full);
    const overfull = visit();
    for (const wrong of [`${full}ü`, "x".repeat(100_000)]) {
      assert.throws(() => overfull.carry({ cart: wrong }), InvalidDataError);
    }
    assert.throws(() => overfull.flash("notice", "x".repeat(50)), InvalidDataError);
    assert.equal(overfull.carried.values.cart, full);
    assert.equal(visit().carried.values.cart, full);
  });

  test("is refused if it is no JSON", () => {
    const circular: Record<string, unknown> = {};
    circular.self = circular;
    for (const wrong of [circular, 1n]) {
      assert.throws(() => visitor().visit().carry({ cart: wrong }), InvalidDataError);
    }
  });

  test("does not come back under names that the application carries no more", () => {
    const { visit } = visitor();
    visit().carry({ cart: ["tea"], returnTo: "/checkout" });
    assert.deepEqual(visit(["returnTo"]).carried.values, { returnTo: "/checkout" });
    assert.deepEqual(visit([]).carried.values, {});
  });

  test("is nothing, whatever else stands in the cookie", () => {
    const { visit, plant } = visitor();
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        plant(`${name}=${text}`);
        assert.deepEqual(visit().carried, { values: {}, messages: {} });
      }),
    );
  });

  test("leaves no cookie behind when it is gone", () => {
    const { visit, holds } = visitor();
    const first = visit();
    first.carry({ cart: ["tea"] });
    first.flash("notice", "Hello");
    assert.ok(holds());
    const next = visit();
    next.carry({ cart: undefined });
    assert.ok(holds());
    assert.equal(next.pop("notice"), "Hello");
    assert.ok(!holds());
  });
});

describe("carryOver", () => {
  test("demands keys at start", () => {
    assert.throws(() => resolveAuth({ carryOver: ["cart"] }), /carryOver needs keys/);
    assert.deepEqual(resolveAuth({ carryOver: ["cart"], keys }).carryOver, ["cart"]);
  });

  test("refuses names that no data has", () => {
    for (const carryOver of [[""], ["coatcheck:flash:notice"], [7], "cart"] as unknown as string[][]) {
      assert.throws(() => resolveAuth({ carryOver, keys }), /list of keys of the session data/);
    }
  });
});
