/** A changed schema never breaks a live session. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { z } from "zod";
import { InvalidDataError } from "../../src/core/errors.ts";
import type { SessionStore } from "../../src/core/store.ts";
import { MemorySessionStore } from "../../src/stores/memory.ts";
import { sessionRecord } from "../../src/testing/record.ts";
import { type Release, read, recordOf, release } from "./release.ts";

describe("a changed schema", () => {
  const first = { schema: z.object({ name: z.string().default("") }) };
  const second = {
    version: 2,
    schema: z.object({ names: z.array(z.string()).default([]), greeted: z.boolean().default(false) }),
    migrate: ({ name, ...rest }: Record<string, unknown>, from: number) => {
      assert.equal(from, 1);
      return { ...rest, names: [name] };
    },
  };

  async function signedInBefore(): Promise<{ old: Release<{ name: string }>; store: SessionStore }> {
    const store = new MemorySessionStore();
    const old = release(first, store);
    await old.sessions.create("ada", { data: { name: "Ada" } });
    return { old, store };
  }

  it("reads what an older release wrote, and leaves it as it is", async () => {
    const { store } = await signedInBefore();
    const before = await recordOf({ store });
    const now = release(second, store);
    assert.deepEqual((await read(now)).data, { names: ["Ada"], greeted: false });
    assert.deepEqual(await recordOf({ store }), before);
    assert.deepEqual(now.events, []);
  });

  it("migrates at the first write, once", async () => {
    const { store } = await signedInBefore();
    const now = release(second, store);
    const { id } = await read(now);
    assert.equal(await now.sessions.update(id, { greeted: true }), true);
    const written = await recordOf({ store });
    assert.deepEqual([written.data, written.dataVersion], ['{"names":["Ada"],"greeted":true}', 2]);
    assert.equal(await now.sessions.update(id, { greeted: false }), true);
    assert.deepEqual((await read(now)).data, { names: ["Ada"], greeted: false });
  });

  it("migrates also by function", async () => {
    const { store } = await signedInBefore();
    const now = release(second, store);
    await now.sessions.update((await read(now)).id, ({ names }) => ({ names: [...names, "Lovelace"] }));
    assert.deepEqual((await read(now)).data.names, ["Ada", "Lovelace"]);
    assert.equal((await recordOf({ store })).dataVersion, 2);
  });

  it("without migrate takes the data as it is, under the new version at the first write", async () => {
    const { store } = await signedInBefore();
    const now = release({ version: 7, schema: z.object({ name: z.string().default("?") }) }, store);
    const { id, data } = await read(now);
    assert.deepEqual(data, { name: "Ada" });
    await now.sessions.update(id, { name: "Grace" });
    const { data: text, dataVersion } = await recordOf({ store });
    assert.deepEqual([text, dataVersion], ['{"name":"Grace"}', 7]);
  });

  it("is read by an older release as far as its own schema goes, and never marked as old again", async () => {
    const { old, store } = await signedInBefore();
    const now = release(second, store);
    const { id } = await read(now);
    await now.sessions.update(id, { greeted: true });
    assert.deepEqual((await read(old)).data, { name: "" });
    await old.sessions.update(id, { name: "Grace" });
    assert.equal((await recordOf({ store })).dataVersion, 2);
    assert.deepEqual((await read(now)).data, { names: ["Ada"], greeted: true });
  });

  it("is not marked as old again by an older release that read before the migration and writes after it", async () => {
    const { store } = await signedInBefore();
    const now = release(second, store);
    const { id } = await read(now);
    const { find } = MemorySessionStore.prototype;
    const slow = Object.assign(Object.create(store) as SessionStore, {
      find: async (sessionId: typeof id) => {
        const found = await find.call(store, sessionId);
        await now.sessions.update(id, { greeted: true });
        return found;
      },
      update: store.update.bind(store),
    });
    await release(first, slow).sessions.update(id, { name: "Grace" });
    assert.equal((await recordOf({ store })).dataVersion, 2);
    assert.deepEqual((await read(now)).data, { names: ["Ada"], greeted: true });
  });

  it("loses nothing of two releases that migrate at the same time", async () => {
    const { store } = await signedInBefore();
    const nodes = [release(second, store), release(second, store)] as const;
    const { id } = await read(nodes[0]);
    await Promise.all([
      nodes[0].sessions.update(id, { greeted: true }),
      nodes[1].sessions.update(id, ({ names }) => ({ names: [...names, "Lovelace"] })),
    ]);
    assert.deepEqual((await read(nodes[0])).data, { names: ["Ada", "Lovelace"], greeted: true });
  });

  describe("that cannot migrate what it finds", () => {
    const failures: Readonly<Record<string, () => unknown>> = {
      "because migrate throws": () => {
        throw new RangeError("a value that nobody may see");
      },
      "because migrate throws no error": () => {
        throw "text";
      },
      "because migrate gives what the schema refuses": () => ({ names: "Ada" }),
      "because migrate gives nothing": () => undefined,
      "because migrate gives no object": () => 7,
      "because migrate gives a list": () => ["Ada"],
    };

    for (const [why, migrate] of Object.entries(failures)) {
      it(`${why}, reads it as empty, says so and keeps it`, async () => {
        const { store } = await signedInBefore();
        const before = await recordOf({ store });
        const now = release({ ...second, migrate }, store);
        assert.deepEqual((await read(now)).data, { names: [], greeted: false });
        assert.deepEqual(await recordOf({ store }), before);
        const told = now.events.map((event) => event.type === "data-unreadable" && event.issues.length > 0);
        assert.deepEqual(told, [true]);
        assert.ok(!JSON.stringify(now.events).includes("nobody may see"));
      });

      it(`${why}, refuses to write over it`, async () => {
        const { store } = await signedInBefore();
        const before = await recordOf({ store });
        const now = release({ ...second, migrate }, store);
        const { id } = await read(now);
        await assert.rejects(now.sessions.update(id, { greeted: true }), InvalidDataError);
        await assert.rejects(
          now.sessions.update(id, () => ({ greeted: true })),
          InvalidDataError,
        );
        assert.deepEqual(await recordOf({ store }), before);
      });
    }

    it("because it gives what is no JSON, reads it and refuses to write it", async () => {
      const { store } = await signedInBefore();
      const before = await recordOf({ store });
      const now = release({ ...second, migrate: () => ({ names: ["Ada"], visits: 1n }) }, store);
      const { id, data } = await read(now);
      assert.deepEqual(data, { names: ["Ada"], greeted: false });
      await assert.rejects(now.sessions.update(id, { greeted: true }), InvalidDataError);
      assert.deepEqual(await recordOf({ store }), before);
    });

    it("goes on to validate the session", async () => {
      const { old, store } = await signedInBefore();
      const { token } = await old.sessions.create("ada");
      const migrate = () => {
        throw new Error("broken");
      };
      const validation = await release({ ...second, migrate }, store).sessions.validate(token);
      assert.ok(validation.ok);
      assert.deepEqual(validation.session.data, { names: [], greeted: false });
    });
  });

  for (const damaged of ['{"names":Ada Lovelace}', '["Ada Lovelace"]', ""]) {
    it(`reads ${JSON.stringify(damaged)} in its place as empty, says so without quoting it, and refuses to write over it`, async () => {
      const store = new MemorySessionStore();
      const record = sessionRecord({ data: damaged });
      await store.insert(record, record.createdAt);
      const { sessions, events } = release(second, store);
      const session = (await sessions.find(record.id))!;
      assert.deepEqual(session.data, { names: [], greeted: false });
      assert.equal(session.hasFlash("notice"), false);
      assert.deepEqual(
        events.map((event) => event.type === "data-unreadable" && event.issues),
        [["what is stored cannot be read"]],
      );
      assert.equal(await sessions.pop(record.id, "notice"), undefined);
      for (const { sessions } of [release(first, store), release(second, store)]) {
        const said = (error: Error) => error instanceof InvalidDataError && !error.message.includes("Ada");
        await assert.rejects(sessions.update(record.id, {}), said);
        await assert.rejects(sessions.flash(record.id, "notice", "Saved"), said);
      }
      assert.equal((await recordOf({ store })).data, damaged);
    });
  }

  it("reads what a later release wrote and it cannot read as empty, says so and keeps it", async () => {
    const store = new MemorySessionStore();
    const later = release({ version: 9, schema: z.object({ name: z.number().default(0) }) }, store);
    await later.sessions.create("ada", { data: { name: 7 } });
    const old = release(first, store);
    assert.deepEqual((await read(old)).data, { name: "" });
    assert.deepEqual(
      old.events.map(({ type }) => type),
      ["data-unreadable"],
    );
    assert.equal((await recordOf({ store })).data, '{"name":7}');
  });
});
