import assert from "node:assert/strict";
import { activityPeriod, type SessionQuery } from "../../../core/session-directory.ts";
import type { SessionRecord } from "../../../core/store.ts";
import { beginning, fullRecord, sessionRecord } from "../../record.ts";
import type { StoreCases } from "../../store/case.ts";
import { allPages, assertFound, ids, insertAll, now, type SearchedSessions } from "../searched.ts";

const windows = "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0";
const phone =
  "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Version/17.5 Mobile/15E148 Safari/604.1";

export const query: StoreCases<SearchedSessions> = {
  "where all sessions are searched": async ({ store: on }) => {
    const records = [sessionRecord(), sessionRecord({ userId: "bob" }), fullRecord({ userId: "eve" })];
    await insertAll(on, records);
    await assertFound(on, records);
  },

  "methods reject only when the backend itself fails": async ({ store: { directory } }) => {
    const nobody = { userId: "nobody", address: "192.0.2.", userAgent: ["%", "'"], limit: 5 };
    for (const query of [{ limit: 5 }, nobody, { ...nobody, sort: "user", direction: "descending" } as const])
      assert.deepEqual(await directory.query(query, now), {
        sessions: [],
        next: undefined,
        previous: undefined,
      });
  },

  "directories are given the time as `now` and never judge by a clock of their own": async ({
    store: on,
  }) => {
    for (const then of [Date.UTC(2001, 0, 1), Date.UTC(2100, 0, 1)]) {
      const record = sessionRecord({
        userId: `user of ${then}`,
        createdAt: then,
        lastSeenAt: then,
        expiresAt: then + 60_000,
      });
      await on.store.insert(record, then);
      await on.settle?.();
      const { userId } = record;
      await assertFound(on, [record], { userId }, then + 59_999);
      await assertFound(on, [], { userId }, then + 60_000);
    }
  },

  "gives the sessions that are alive at `now` and fit, in the order that is asked for, at most `limit`":
    async ({ store: on }) => {
      const records = mixed();
      await insertAll(on, records);
      const alive = records.filter(({ expiresAt }) => expiresAt > now);
      const [from, to] = [beginning - 8 * activityPeriod, beginning - 3 * activityPeriod];
      const asked: [Partial<SessionQuery>, (record: SessionRecord) => boolean][] = [
        [{}, () => true],
        [{ userId: "ada" }, ({ userId }) => userId === "ada"],
        [{ address: "192.0.2.1" }, ({ client }) => client.ip === "192.0.2.1"],
        [{ address: "192.0.2." }, ({ client }) => client.ip?.startsWith("192.0.2.") === true],
        [{ address: "2001:db8:" }, ({ client }) => client.ip?.startsWith("2001:db8:") === true],
        [{ userAgent: ["firefox", "WINDOWS"] }, ({ client }) => client.userAgent === windows],
        [{ userAgent: ["iPhone"] }, ({ client }) => client.userAgent === phone],
        [{ signedIn: { from, to } }, ({ createdAt }) => createdAt >= from && createdAt < to],
        [{ lastActive: { from } }, ({ lastSeenAt }) => lastSeenAt >= from],
        [{ lastActive: { to } }, ({ lastSeenAt }) => lastSeenAt < to],
        [
          { userId: "bob", userAgent: ["safari"], address: "192.0.2.1" },
          ({ userId, client }) => userId === "bob" && client.userAgent === phone && client.ip === "192.0.2.1",
        ],
        [{ userId: "nobody" }, () => false],
      ];
      for (const [filter, fits] of asked) {
        const expected = alive.filter(fits);
        await assertFound(on, expected, filter);
        for (const sort of ["last-active", "signed-in", "user"] as const)
          assertSorted(expected, (await allPages(on, { ...filter, sort, limit: 12 })).flat(), sort);
      }
    },

  "each order has its other direction": async ({ store: on }) => {
    await insertAll(on, mixed());
    for (const sort of ["last-active", "signed-in", "user"] as const) {
      const [up, down] = await Promise.all(
        (["ascending", "descending"] as const).map(async (direction) =>
          ids((await allPages(on, { sort, direction })).flat()),
        ),
      );
      assert.deepEqual(up, down!.toReversed());
    }
  },

  "who was used moves ahead of who was used ten minutes before": async ({ store: on, elsewhere }) => {
    const records = Array.from({ length: 5 }, () =>
      sessionRecord({ lastSeenAt: beginning, expiresAt: beginning + 1_000 * activityPeriod }),
    );
    await insertAll(on, records);
    const used = records.toReversed();
    for (const [place, { id }] of used.entries()) {
      const lastSeenAt = beginning + (place + 1) * activityPeriod;
      // More often than the order keeps up with.
      for (const early of [120_000, 60_000, 0]) {
        const seen = { lastSeenAt: lastSeenAt - early, expiresAt: lastSeenAt + 1_000 * activityPeriod };
        assert.ok(await (early ? elsewhere : on).store.update(id, { seen }, lastSeenAt - early));
      }
      await on.settle?.();
      await elsewhere.settle?.();
      const { sessions } = await on.directory.query({ limit: 1 }, lastSeenAt);
      assert.deepEqual(ids(sessions), [id]);
      assert.equal(sessions[0]!.lastSeenAt, lastSeenAt);
    }
    assert.deepEqual(
      ids((await allPages(on, {}, beginning + 6 * activityPeriod)).flat()),
      ids(used.toReversed()),
    );
  },

  "what it gives opens nothing": async ({ store: on }) => {
    const record = fullRecord();
    await insertAll(on, [record]);
    const text = JSON.stringify(await on.directory.query({ limit: 1 }, now));
    for (const secret of [record.secretHash, record.familyHash, record.pending!.secretHash, record.data])
      assert.ok(!text.includes(secret));
  },

  "what has ended is gone, whichever way it ended": async ({ store: on }) => {
    const [signedOut, ended, evicted, replaced] = Array.from({ length: 4 }, () => sessionRecord());
    const bob = sessionRecord({ userId: "bob" });
    await insertAll(on, [signedOut!, bob]);
    await on.store.delete(signedOut!.id, "logout", now);
    await insertAll(on, [evicted!]);
    await on.store.insert(replaced!, now, { maximum: 1, exceeded: "evict-oldest" });
    await on.store.insert(ended!, now, { maximum: 9, exceeded: "refuse", replacing: replaced!.id });
    await on.settle?.();
    await assertFound(on, [ended!, bob]);
    await on.store.deleteByUser("ada", "revoked", now);
    await on.settle?.();
    await assertFound(on, [bob]);
  },

  "whoever proves who they are from another client is found there, and no longer where they were": async ({
    store: on,
  }) => {
    const record = sessionRecord();
    await insertAll(on, [record]);
    const authentication = {
      authenticatedAt: now,
      amr: ["pwd", "otp"],
      client: { ip: "198.51.100.7", userAgent: phone },
    };
    assert.ok(await on.store.update(record.id, { authentication }, now));
    await on.settle?.();
    await assertFound(on, [{ ...record, ...authentication }], { address: "198.51.100.7" });
    await assertFound(on, [{ ...record, ...authentication }], { userAgent: ["iphone"] });
    await assertFound(on, [], { address: record.client.ip! });
    await assertFound(on, [], { userAgent: ["Firefox"] });
  },

  "a session of which only the data change stays as it is": async ({ store: on }) => {
    const record = sessionRecord();
    await insertAll(on, [record]);
    assert.ok(await on.store.update(record.id, { data: new Map([["theme", '"light"']]) }, now));
    await on.settle?.();
    await assertFound(on, [record], { address: record.client.ip! });
  },

  "every text is found as it is": async ({ store: on }) => {
    const texts = ["\\", '"', "%", "_", "'; --", "a\tb", "Ünïcode ☂", "[fe80::1%eth0]", "\\0", "a\0b"];
    const records = texts.map((text) =>
      sessionRecord({ userId: `user ${text}`, client: { ip: text, userAgent: `x ${text} y` } }),
    );
    await insertAll(on, [...records, sessionRecord({ userId: "plain", client: {} })]);
    for (const [place, text] of texts.entries()) {
      const record = records[place]!;
      await assertFound(on, [record], { userId: `user ${text}` });
      await assertFound(on, [record], { address: text });
      await assertFound(on, [record], { userAgent: [`x ${text} y`] });
    }
    for (const sort of ["last-active", "signed-in", "user"] as const)
      assert.equal((await allPages(on, { sort, limit: 3 })).flat().length, texts.length + 1);
  },
};

/** Of three users, from a few places, on two devices, every ten minutes; two of them dead. */
function mixed(): SessionRecord[] {
  return Array.from({ length: 24 }, (_, index) => {
    const time = beginning - index * activityPeriod;
    return sessionRecord({
      userId: ["ada", "bob", "\u{1f9e5}"][index % 3]!,
      createdAt: time,
      authenticatedAt: time,
      lastSeenAt: beginning - ((index * 7) % 24) * activityPeriod,
      expiresAt: index % 12 === 5 ? now : beginning + 30 * activityPeriod,
      client: {
        ip: ["192.0.2.1", "192.0.2.17", "192.0.20.1", "2001:db8::1", "2001:db80::1"][index % 5]!,
        userAgent: index % 2 === 0 ? windows : phone,
      },
    });
  });
}

function assertSorted(
  expected: readonly SessionRecord[],
  found: readonly { readonly id: string; readonly userId: string }[],
  sort: "last-active" | "signed-in" | "user",
): void {
  if (sort === "user") {
    assert.deepEqual(ids(found).toSorted(), ids(expected).toSorted());
    const runs = found.filter(({ userId }, place) => userId !== found[place - 1]?.userId);
    assert.equal(runs.length, new Set(expected.map(({ userId }) => userId)).size, "Users stand together");
    return;
  }
  const time = (record: SessionRecord) => (sort === "signed-in" ? record.createdAt : record.lastSeenAt);
  assert.deepEqual(ids(found), ids(expected.toSorted((a, b) => time(b) - time(a))));
}
