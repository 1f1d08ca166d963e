/** What every outbox must do, in the same words for each. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { AccountStore } from "../../src/accounts/account-store.ts";
import type { Device, Mail } from "../../src/mail/mail.ts";
import { day, type MailStore } from "../../src/mail/mail-store.ts";

export interface MailBackend {
  /** Another connection to the same outbox, as another process has it. */
  connect(): Promise<{ readonly mail: MailStore; readonly accounts: AccountStore }>;
  close(): Promise<void>;
}

const now = 1_700_000_000_000;
const racers = 8;
const ada = {
  id: "ada",
  email: "ada@example.com",
  passwordHash: "",
  credentialVersion: 1,
  credentialsChangedAt: now,
  roles: [],
  disabled: false,
  createdAt: now,
};

/** A link that ends all sessions. */
const all = { userId: ada.id, signedInAt: now - 5 };

function inNetwork(network: string, name = "Firefox", hasCookie = false): Device {
  return { name, network, hasCookie };
}

function mail(device: string): Mail {
  return { kind: "theft", by: "outdated-copy", userId: ada.id, at: now, ip: "192.0.2.1", device };
}

/** Takes out what is due, for good; the ids. */
async function takeAll(store: MailStore, at: number): Promise<string[]> {
  const ids: string[] = [];
  for (;;) {
    const taken = await store.claim(at, at + day);
    if (!taken) return ids;
    ids.push(taken.id);
  }
}

/** @param open makes an empty outbox. */
export function describeMailStore(name: string, open: () => Promise<MailBackend>): void {
  describe(`the outbox in ${name}`, () => {
    function promise(words: string, body: (one: MailStore, other: MailStore) => Promise<void>): void {
      test(words, async () => {
        const backend = await open();
        try {
          const [one, other] = [await backend.connect(), await backend.connect()];
          await one.accounts.insert(ada);
          await body(one.mail, other.mail);
        } finally {
          await backend.close();
        }
      });
    }

    const racing = <T>(
      stores: readonly [MailStore, MailStore],
      act: (store: MailStore, index: number) => Promise<T>,
    ): Promise<T[]> =>
      Promise.all(Array.from({ length: racers }, (_, index) => act(stores[index % 2]!, index)));

    promise(
      "a mail is taken out as it was put in, the one that is due for the longest time first",
      async (one, other) => {
        const odd = mail("\0 \ud800 ' \" Ж");
        await one.enqueue(odd, now + 1);
        await other.enqueue(mail("first"), now);
        assert.equal(await one.claim(now - 1, now + 5), undefined);
        const first = await one.claim(now + 1, now + 5);
        const second = await other.claim(now + 1, now + 5);
        assert.deepEqual(first!.mail, mail("first"));
        assert.deepEqual(second, { id: second!.id, mail: odd, queuedAt: now + 1, attempts: 1 });
        assert.match(second!.id, /^[\w-]{22}$/);
        assert.notEqual(first!.id, second!.id);
        assert.equal(await one.claim(now + 4, now + 9), undefined);
      },
    );

    promise("of many who take out mails at the same time each gets another one", async (one, other) => {
      for (let index = 0; index < racers - 2; index++) await one.enqueue(mail(`${index}`), now);
      const taken = await racing([one, other], (store) => store.claim(now, now + 5));
      const ids = taken.flatMap((each) => each?.id ?? []);
      // Where two meet, one may find nothing and come again.
      ids.push(...(await takeAll(one, now)));
      assert.equal(new Set(ids).size, racers - 2);
      assert.equal(ids.length, racers - 2);
    });

    promise("a mail whose bearer died is due again, and no more the bearer's", async (one, other) => {
      await one.enqueue(mail("x"), now);
      const dead = (await one.claim(now, now + 5))!;
      const living = (await other.claim(now + 5, now + 10))!;
      assert.equal(living.id, dead.id);
      assert.equal(living.attempts, 2);
      await one.remove(dead);
      await one.postpone(dead, now);
      assert.equal(await one.claim(now + 6, now + 9), undefined);
      await other.postpone(living, now + 7);
      const again = (await one.claim(now + 7, now + 9))!;
      assert.equal(again.attempts, 3);
      await one.remove(again);
      assert.equal(await one.claim(now + day, now + day), undefined);
    });

    promise("a device is new once, for one of many at the same time", async (one, other) => {
      const asked: number[] = [];
      const note = (store: MailStore, device: string, at = now) =>
        store.noteDevice(ada.id, inNetwork("home", device), at, (newToday) => {
          asked.push(newToday);
          return mail(device);
        });
      await racing([one, other], (store) => note(store, "Firefox"));
      assert.deepEqual(asked, [1]);
      await racing([one, other], (store, index) => note(store, `Chrome ${index}`));
      assert.deepEqual(
        asked.toSorted((a, b) => a - b),
        Array.from({ length: racers + 1 }, (_, index) => index + 1),
      );
      await note(one, "Safari", now + day);
      assert.equal(asked.at(-1), 1);
      await one.noteDevice("eve", inNetwork("home", "Firefox"), now, (newToday) => {
        assert.equal(newToday, 1);
        return undefined;
      });
      assert.equal((await takeAll(other, now + day)).length, racers + 2);
    });

    promise(
      "a device is known by its name and network, and with its cookie by its name",
      async (one, other) => {
        const isNew = async (device: Device) => {
          let asked = false;
          await one.noteDevice(ada.id, device, now, () => {
            asked = true;
            return undefined;
          });
          return asked;
        };
        assert.equal(
          await isNew(inNetwork("home", "Firefox", true)),
          true,
          "of a cookie that is all there is",
        );
        assert.equal(await isNew(inNetwork("home")), false);
        assert.equal(await isNew(inNetwork("café", "Firefox", true)), false);
        assert.equal(await isNew(inNetwork("café")), true, "whoever else is in the café");
        assert.equal(await isNew(inNetwork("home", "Chrome")), true);
        await other.forgetDevices(ada.id, inNetwork("home"));
        assert.equal(await isNew(inNetwork("home")), false);
        assert.equal(await isNew(inNetwork("home", "Chrome", true)), true);
        assert.equal(await isNew(inNetwork("café")), true);
        await other.forgetDevices("eve");
        assert.equal(await isNew(inNetwork("home")), false);
        await other.forgetDevices(ada.id);
        assert.equal(await isNew(inNetwork("home")), true);
      },
    );

    promise("a link is used once, by one of many at the same time", async (one, other) => {
      await one.addEndLink("hash", { ...all, sessionId: "session" }, now + 1);
      await one.addEndLink("all", all, now + 1);
      assert.deepEqual(await other.findEndLink("hash", now), { ...all, sessionId: "session" });
      assert.deepEqual(await other.findEndLink("all", now), { ...all, sessionId: undefined });
      const outcomes = await racing([one, other], (store) => store.useEndLink("hash", now));
      assert.equal(outcomes.filter(Boolean).length, 1);
      assert.equal(await one.findEndLink("hash", now), undefined);
    });

    promise("an unknown and an expired link are none", async (one, other) => {
      await one.addEndLink("hash", all, now + 1);
      for (const [hash, at] of [
        ["guess", now],
        ["hash", now + 1],
      ] as const) {
        assert.equal(await other.findEndLink(hash, at), undefined);
        assert.equal(await other.useEndLink(hash, at), false);
      }
      assert.equal(await other.useEndLink("hash", now), true);
    });

    promise("preferences change one by one, and a learnt language overwrites none", async (one, other) => {
      assert.deepEqual(await one.preferences(ada.id), { language: undefined, newDevice: true });
      await one.setPreferences(ada.id, { newDevice: false });
      await other.learnLanguage(ada.id, "ru");
      assert.deepEqual(await one.preferences(ada.id), { language: "ru", newDevice: false });
      await other.learnLanguage(ada.id, "en");
      assert.deepEqual(await one.preferences(ada.id), { language: "ru", newDevice: false });
      await one.setPreferences(ada.id, { newDevice: true, language: "en" });
      assert.deepEqual(await other.preferences(ada.id), { language: "en", newDevice: true });
      await one.learnLanguage("eve", "ru");
      assert.deepEqual(await other.preferences("eve"), { language: "ru", newDevice: true });
    });

    promise("what expired is removed, a batch at a time, and nothing else", async (one, other) => {
      const said: string[] = [];
      const note = (device: string, at: number) =>
        one.noteDevice(ada.id, inNetwork("home", device), at, () => void said.push(device));
      for (const index of [1, 2, 3]) {
        await one.addEndLink(`link ${index}`, all, now + index);
        await note(`device ${index}`, now + index);
      }
      assert.equal(await other.deleteExpired(now + 2, now + 3, 1), 2);
      assert.equal((await one.findEndLink("link 3", now)) !== undefined, true);
      assert.equal(await other.deleteExpired(now + 2, now + 3, 5), 2);
      assert.equal(await other.deleteExpired(now + 2, now + 3, 5), 0);
      assert.equal(await one.findEndLink("link 1", now), undefined);
      assert.equal(await one.findEndLink("link 2", now), undefined);
      assert.equal((await one.findEndLink("link 3", now)) !== undefined, true);
      said.length = 0;
      for (const index of [1, 2, 3]) await note(`device ${index}`, now + 4);
      assert.deepEqual(said, ["device 1", "device 2"]);
    });
  });
}
