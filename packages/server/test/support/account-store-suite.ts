/** What every store of users must do, in the same words for each. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { AccountStore, ResetCode } from "../../src/accounts/account-store.ts";
import { emailKey } from "../../src/accounts/email.ts";
import type { User } from "../../src/accounts/user.ts";

export interface AccountBackend {
  /** Another connection to the same users, as another process has it. */
  connect(): Promise<AccountStore>;
  close(): Promise<void>;
}

const now = 1_700_000_000_000;
const racers = 8;

function user(name: string, changes: Partial<User> = {}): User {
  return {
    id: `id of ${name}`,
    email: `${name}@Example.com`,
    passwordHash: `hash of ${name}'s password`,
    credentialVersion: 1,
    credentialsChangedAt: now,
    roles: ["admin", "user"],
    disabled: false,
    createdAt: now + 1,
    ...changes,
  };
}

/** @param open makes a backend without users. */
export function describeAccountStore(name: string, open: () => Promise<AccountBackend>): void {
  describe(`users in ${name}`, () => {
    const ada = user("Ada");
    const eve = user("eve", { roles: ["user"] });

    /** A test on users of its own, seen by two connections. */
    function promise(words: string, body: (one: AccountStore, other: AccountStore) => Promise<void>): void {
      test(words, async () => {
        const backend = await open();
        try {
          await body(await backend.connect(), await backend.connect());
        } finally {
          await backend.close();
        }
      });
    }

    async function racing<T>(
      stores: readonly [AccountStore, AccountStore],
      act: (store: AccountStore, index: number) => Promise<T>,
    ): Promise<T[]> {
      return Promise.all(Array.from({ length: racers }, (_, index) => act(stores[index % 2]!, index)));
    }

    promise("a user is read as it was written", async (one, other) => {
      assert.equal(await one.isEmpty(), true);
      assert.equal(await one.insert(ada), true);
      assert.equal(await other.isEmpty(), false);
      assert.deepEqual(await other.find(ada.id), ada);
      assert.deepEqual(await other.findByEmail(emailKey(ada.email)), ada);
      assert.equal(await other.find("nobody"), undefined);
      assert.equal(await other.findByEmail("nobody@example.com"), undefined);
    });

    promise("one address belongs to one user, however it is capitalised or composed", async (one, other) => {
      const jose = user("JOSE\u0301");
      assert.equal(await one.insert(jose), true);
      const namesake = user("jos\u00e9", { id: "somebody else", email: "jos\u00e9@example.COM" });
      assert.equal(await other.insert(namesake), false);
      assert.deepEqual(await other.findByEmail(emailKey(namesake.email)), jose);
      assert.equal(await one.find(namesake.id), undefined);
    });

    promise("of many who take one address at the same time one gets it", async (one, other) => {
      const outcomes = await racing([one, other], (store, index) =>
        store.insert({ ...ada, id: `${index}`, roles: [`${index}`] }),
      );
      assert.equal(outcomes.filter(Boolean).length, 1);
      const winner = await one.findByEmail(emailKey(ada.email));
      assert.equal(outcomes[Number(winner!.id)], true);
    });

    promise("users are listed in pieces, in the order of their addresses", async (one, other) => {
      const names = ["eve", "Ada", "zoë", "bob", "Ürsula"];
      for (const name of names) await one.insert(user(name));
      const keys: string[] = [];
      for (let after = ""; ; after = keys.at(-1)!) {
        const piece = await other.list(after, 2);
        if (piece.length === 0) break;
        keys.push(...piece.map(({ email }) => emailKey(email)));
      }
      const bytewise = names.map((name) => emailKey(`${name}@example.com`)).sort();
      assert.deepEqual(keys, bytewise);
    });

    promise(
      "users are found by a part of their address, in pieces, and nothing in it is a pattern",
      async (one, other) => {
        for (const name of ["eve", "eva", "a_b%c", "zoë"]) await one.insert(user(name));
        const found = async (part: string, after = "", limit = 10): Promise<string[]> =>
          (await other.list(after, limit, part)).map(({ id }) => id);
        assert.deepEqual(await found("ev"), ["id of eva", "id of eve"]);
        assert.deepEqual(await found("@example.com", "", 2), ["id of a_b%c", "id of eva"]);
        assert.deepEqual(await found("@example.com", "eva@example.com", 1), ["id of eve"]);
        assert.deepEqual(await found("zoë"), ["id of zoë"]);
        assert.deepEqual(await found("%"), ["id of a_b%c"]);
        assert.deepEqual(await found("e_e"), []);
        assert.deepEqual(await found("e\0"), []);
      },
    );

    promise("of many who add the first user at the same time one does", async (one, other) => {
      const outcomes = await racing([one, other], (store, index) => store.insertFirst(user(`user${index}`)));
      assert.equal(outcomes.filter(Boolean).length, 1);
      assert.equal((await one.list("", 10)).length, 1);
      assert.equal(await other.insertFirst(eve), false);
    });

    promise("whoever is added while the first user is, is not overlooked", async (one, other) => {
      const [added, first] = await Promise.all([one.insert(ada), other.insertFirst(eve)]);
      assert.equal(added, true);
      assert.equal((await one.list("", 10)).length, first ? 2 : 1);
    });

    promise("a set-up link is used once, by one of many at the same time", async (one, other) => {
      await one.replaceSetupLink("link", now + 1);
      const outcomes = await racing([one, other], (store, index) =>
        store.insertFirstByLink(user(`user${index}`), "link", now),
      );
      assert.equal(outcomes.filter(Boolean).length, 1);
      assert.equal((await one.list("", 10)).length, 1);
    });

    promise("an unknown, a replaced and an expired set-up link add nobody", async (one, other) => {
      await one.replaceSetupLink("first", now + 1);
      await other.replaceSetupLink("second", now + 1);
      assert.equal(await one.insertFirstByLink(ada, "guess", now), false);
      assert.equal(await one.insertFirstByLink(ada, "first", now), false);
      assert.equal(await one.insertFirstByLink(ada, "second", now + 1), false);
      assert.equal(await one.isEmpty(), true);
      assert.equal(await one.insertFirstByLink(ada, "second", now), true);
    });

    promise("of links that are made at the same time one is good", async (one, other) => {
      await racing([one, other], (store, index) => store.replaceSetupLink(`link ${index}`, now + 1));
      const outcomes = await racing([one, other], (store, index) =>
        store.insertFirstByLink(user(`user${index}`), `link ${index}`, now),
      );
      assert.equal(outcomes.filter(Boolean).length, 1);
    });

    promise("a set-up link that came too late is not used up", async (one) => {
      await one.replaceSetupLink("link", now + 1);
      await one.insert(eve);
      assert.equal(await one.insertFirstByLink(ada, "link", now), false);
      assert.equal(await one.find(ada.id), undefined);
    });

    promise("of many who change a password from the same state one does", async (one, other) => {
      await one.insert(ada);
      const outcomes = await racing([one, other], (store, index) =>
        store.changePassword(ada.id, 1, `hash ${index}`, now + 5),
      );
      assert.equal(outcomes.filter(Boolean).length, 1);
      const changed = await other.find(ada.id);
      assert.deepEqual(changed, {
        ...ada,
        passwordHash: `hash ${outcomes.indexOf(true)}`,
        credentialVersion: 2,
        credentialsChangedAt: now + 5,
      });
    });

    const codeFor = (who: User, hash: string, changes: Partial<ResetCode> = {}): ResetCode => ({
      hash,
      userId: who.id,
      credentialVersion: who.credentialVersion,
      requestedAt: now,
      expiresAt: now + 10,
      ...changes,
    });

    promise(
      "a reset code changes the password once, for one of many at the same time",
      async (one, other) => {
        await one.insert(ada);
        assert.equal(await one.addResetCode(codeFor(ada, "code"), now), true);
        assert.deepEqual(await other.findByResetCode("code", now), ada);
        const outcomes = await racing([one, other], (store, index) =>
          store.changePasswordByCode("code", `hash ${index}`, now + 5),
        );
        assert.equal(outcomes.filter(Boolean).length, 1);
        assert.deepEqual(await other.find(ada.id), {
          ...ada,
          passwordHash: `hash ${outcomes.indexOf(true)}`,
          credentialVersion: 2,
          credentialsChangedAt: now + 5,
        });
        assert.equal(await one.findByResetCode("code", now), undefined);
      },
    );

    promise("an unknown, an expired and a disabled user's reset code change nothing", async (one, other) => {
      const shutOut = user("bob", { disabled: true });
      for (const each of [ada, shutOut]) await one.insert(each);
      await one.addResetCode(codeFor(ada, "code"), now);
      await one.addResetCode(codeFor(shutOut, "bob's code"), now);
      for (const [code, at] of [
        ["guess", now],
        ["code", now + 10],
        ["bob's code", now],
      ] as const) {
        assert.equal(await other.findByResetCode(code, at), undefined, code);
        assert.equal(await other.changePasswordByCode(code, "new", at), false, code);
      }
      assert.deepEqual(await one.find(ada.id), ada);
      assert.deepEqual(await one.find(shutOut.id), shutOut);
    });

    promise(
      "the code of the newest request voids the others, whichever is added last",
      async (one, other) => {
        for (const each of [ada, eve]) await one.insert(each);
        await one.addResetCode(codeFor(eve, "eve's code"), now);
        await one.addResetCode(codeFor(ada, "first"), now);
        assert.equal(
          await other.addResetCode(codeFor(ada, "second", { requestedAt: now + 1 }), now + 1),
          true,
        );
        assert.equal(await one.addResetCode(codeFor(ada, "late"), now + 2), false);
        assert.equal(await one.addResetCode(codeFor(ada, "again", { requestedAt: now + 1 }), now + 2), true);
        const good = ["first", "second", "late", "again", "eve's code"].map(async (code) =>
          (await other.findByResetCode(code, now + 2)) ? [code] : [],
        );
        assert.deepEqual((await Promise.all(good)).flat(), ["second", "again", "eve's code"]);
      },
    );

    promise(
      "of codes for two requests that are added at the same time the newer is good",
      async (one, other) => {
        await one.insert(ada);
        await racing([one, other], (store, index) =>
          store.addResetCode(codeFor(ada, `code ${index}`, { requestedAt: now + index }), now),
        );
        for (let index = 0; index < racers; index++) {
          const isGood = (await one.findByResetCode(`code ${index}`, now)) !== undefined;
          assert.equal(isGood, index === racers - 1);
        }
      },
    );

    promise("a changed password voids the reset codes from before", async (one, other) => {
      await one.insert(ada);
      await one.addResetCode(codeFor(ada, "code"), now);
      await other.changePassword(ada.id, 1, "new", now);
      assert.equal(await one.findByResetCode("code", now), undefined);
      assert.equal(await one.changePasswordByCode("code", "newer", now), false);
      assert.equal((await one.find(ada.id))?.passwordHash, "new");
    });

    promise("a better hash of an old password never overwrites a new one", async (one, other) => {
      await one.insert(ada);
      await one.rehashPassword(ada.id, 1, "better hash");
      assert.deepEqual(await other.find(ada.id), { ...ada, passwordHash: "better hash" });
      await one.changePassword(ada.id, 1, "new", now);
      await other.rehashPassword(ada.id, 1, "hash of the old one");
      assert.equal((await one.find(ada.id))?.passwordHash, "new");
    });

    promise(
      "rights are changed as named, together or alone, and only of users there are",
      async (one, other) => {
        await one.insert(ada);
        await one.insert(eve);
        assert.equal(await one.changeRights(ada.id, { disabled: true }), true);
        assert.deepEqual(await other.find(ada.id), { ...ada, disabled: true });
        assert.equal(await other.changeRights(ada.id, { roles: ["user"] }), true);
        assert.deepEqual(await one.find(ada.id), { ...ada, disabled: true, roles: ["user"] });
        assert.equal(await one.changeRights(ada.id, { roles: ada.roles, disabled: false }), true);
        assert.deepEqual(await other.find(ada.id), ada);
        assert.equal(await one.changeRights(ada.id, {}), true);
        assert.equal(await one.changeRights("nobody", { disabled: true }), false);
        assert.deepEqual(await one.find(eve.id), eve);
      },
    );

    promise("of rights that are changed at the same time no half gets lost", async (one, other) => {
      await one.insert(eve);
      await racing([one, other], (store, index) =>
        store.changeRights(eve.id, index % 4 < 2 ? { disabled: true } : { roles: ["admin", "user"] }),
      );
      assert.deepEqual(await one.find(eve.id), { ...eve, disabled: true, roles: ["admin", "user"] });
    });

    promise(
      "rights are changed only by an administrator who is one and is not disabled",
      async (one, other) => {
        await one.insert(ada);
        await one.insert(eve);
        assert.equal(await one.changeRights(eve.id, { disabled: true }, eve.id), false);
        assert.equal(await one.changeRights(eve.id, { disabled: true }, "nobody"), false);
        assert.equal(await one.changeRights(eve.id, { roles: ["admin", "user"] }, ada.id), true);
        assert.equal(await other.changeRights(ada.id, { disabled: true }, eve.id), true);
        assert.equal(await one.changeRights(eve.id, { disabled: true }, ada.id), false);
        assert.deepEqual(await one.find(eve.id), { ...eve, roles: ["admin", "user"] });
      },
    );

    promise("of administrators who shut each other out at the same time one stays", async (one, other) => {
      const admins = Array.from({ length: racers }, (_, index) => user(`admin${index}`));
      for (const admin of admins) await one.insert(admin);
      await racing([one, other], (store, index) =>
        Promise.all(
          admins
            .filter((_, victim) => victim !== index)
            .map(({ id }) => store.changeRights(id, { roles: ["user"] }, admins[index]!.id)),
        ),
      );
      const left = (await one.list("", 100)).filter(({ roles }) => roles.includes("admin"));
      assert.equal(left.length, 1);
    });

    promise("what is no text to a database is nobody's address, and no outage", async (one) => {
      await one.insert(ada);
      assert.deepEqual(await one.list("ad\0x", 5), [ada]);
      assert.equal(await one.findByEmail("ada\0@example.com"), undefined);
      assert.equal(await one.findByEmail("ada\ud800@example.com"), undefined);
    });
  });
}
