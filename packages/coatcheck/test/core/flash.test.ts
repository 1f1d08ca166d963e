/** One-time messages beside the data, and what is carried into it. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { inspect } from "node:util";
import { z } from "zod";
import { InvalidDataError } from "../../src/core/errors.ts";
import { MemorySessionStore } from "../../src/stores/memory.ts";
import { house } from "./house.ts";
import { read, release } from "./release.ts";

const strict = {
  schema: z.strictObject({ theme: z.string().optional(), cart: z.array(z.string()).optional() }),
};

describe("a one-time message", () => {
  it("is seen by no schema, also not by one that refuses what it does not know", async () => {
    const now = release(strict);
    const { session } = await now.sessions.create("ada", { data: { theme: "dark" } });
    await now.sessions.flash(session.id, "notice", "Saved");
    await now.sessions.update(session.id, { cart: ["tea"] });
    await now.sessions.update(session.id, (data) => {
      assert.deepEqual(data, { theme: "dark", cart: ["tea"] });
      return { theme: "light" };
    });
    const after = await read(now);
    assert.deepEqual(after.data, { theme: "light", cart: ["tea"] });
    assert.ok(!JSON.stringify(after).includes("Saved") && !inspect(after, { depth: null }).includes("Saved"));
    assert.equal(await now.sessions.pop(session.id, "notice"), "Saved");
    assert.deepEqual(
      now.events.map(({ type }) => type),
      ["created"],
    );
  });

  it("outlives a change of the schema's version", async () => {
    const store = new MemorySessionStore();
    const { session } = await release(strict, store).sessions.create("ada", { data: { theme: "dark" } });
    await release(strict, store).sessions.flash(session.id, "notice", "Saved");
    const next = release({ ...strict, version: 2, migrate: (data) => ({ ...data, cart: [] }) }, store);
    await next.sessions.flash(session.id, "other", "Sent");
    await next.sessions.update(session.id, { theme: "light" });
    assert.deepEqual((await read(next)).data, { theme: "light", cart: [] });
    assert.equal(await next.sessions.pop(session.id, "notice"), "Saved");
    assert.equal(await next.sessions.pop(session.id, "other"), "Sent");
  });

  it("is the last one of its name, and any text", async () => {
    const { sessions } = house();
    const { session } = await sessions.create("ada");
    for (const text of ["first", "", 'quotes " and \n lines', "\ud800"]) {
      await sessions.flash(session.id, "notice", "overwritten");
      await sessions.flash(session.id, "notice", text);
      assert.equal(await sessions.pop(session.id, "notice"), text);
    }
  });

  it("is left for no session that has ended, and brings none back", async () => {
    const { sessions } = house();
    const { session } = await sessions.create("ada");
    await sessions.flash(session.id, "notice", "Saved");
    await sessions.revoke(session.id);
    assert.equal(await sessions.flash(session.id, "notice", "Saved"), false);
    assert.equal(await sessions.pop(session.id, "notice"), undefined);
    assert.equal(await sessions.find(session.id), undefined);
  });

  it("writes nothing where none is waiting", async () => {
    const store = new MemorySessionStore();
    const { sessions } = house({ store });
    const { session } = await sessions.create("ada");
    const before = await store.find(session.id);
    assert.equal(await sessions.pop(session.id, "notice"), undefined);
    assert.equal(session.hasFlash("notice"), false);
    assert.deepEqual(await store.find(session.id), before);
  });

  it("that is none is refused", async () => {
    const { sessions } = house();
    const { session } = await sessions.create("ada");
    const wrong = [
      ["", "x"],
      [undefined, "x"],
      ["notice", { text: "x" }],
    ] as unknown as [string, string][];
    for (const [name, message] of wrong) {
      await assert.rejects(sessions.flash(session.id, name, message), TypeError);
    }
    await assert.rejects(sessions.flash(session.id, "notice", "x".repeat(2_049)), InvalidDataError);
  });

  it("cannot be written as data, nor taken for data by a visitor who chooses keys", async () => {
    const { sessions } = house();
    const { session } = await sessions.create("ada");
    await sessions.flash(session.id, "notice", "Saved");
    const key = "coatcheck:flash:notice";
    for (const patch of [{ [key]: "forged" }, { [key]: undefined }, { "coatcheck:": 1 }]) {
      await assert.rejects(sessions.update(session.id, patch), InvalidDataError);
      await assert.rejects(sessions.create("eve", { data: patch }), InvalidDataError);
    }
    assert.equal(await sessions.pop(session.id, "notice"), "Saved");
  });
});

describe("what is carried over", () => {
  const values = { cart: ["tea"], theme: 7, role: "admin" };

  it("becomes data as far as it fits; the rest is dropped with a warning that shows no value", async () => {
    const warnings: string[] = [];
    const { sessions } = house({ data: strict, warn: (message) => void warnings.push(message) });
    const { session } = await sessions.create("ada", { carried: { values, messages: { notice: "Hello" } } });
    assert.deepEqual(session.data, { cart: ["tea"] });
    assert.equal(session.hasFlash("notice"), true);
    assert.deepEqual(warnings, ["What was carried over does not fit the data: theme, role"]);
  });

  it("never makes a sign-in fail, also where the schema throws or it is too much", async () => {
    const schema = z.object({}).refine((data) => {
      if (Object.keys(data).length > 0) throw new Error("broken");
      return true;
    });
    const { sessions } = house({ data: { schema: schema.loose() } });
    assert.deepEqual((await sessions.create("ada", { carried: { values, messages: {} } })).session.data, {});
    const much = { values: { cart: ["x".repeat(1024 * 1024)] }, messages: {} };
    assert.deepEqual((await house().sessions.create("ada", { carried: much })).session.data, {});
  });

  it("yields to what the sign-in says, also where that says nothing on purpose", async () => {
    const { sessions } = house({ data: strict });
    const data = { theme: "dark", cart: undefined };
    const { session } = await sessions.create("ada", { data, carried: { values, messages: {} } });
    assert.deepEqual(session.data, { theme: "dark" });
  });

  it("does not excuse data of the sign-in itself that does not fit", async () => {
    const { sessions } = house({ data: strict });
    const carried = { values: { theme: "dark" }, messages: {} };
    await assert.rejects(sessions.create("ada", { data: { cart: "tea" }, carried }), InvalidDataError);
  });
});
