import assert from "node:assert/strict";
import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { type SessionEvent, SessionToken } from "coatcheck";
import { migrateAccounts } from "../../src/accounts/sqlite-accounts-schema.ts";
import { openDatabase } from "../../src/database.ts";
import type { Mail } from "../../src/mail/mail.ts";
import { Notifications } from "../../src/mail/notifications.ts";
import { SqliteMail } from "../../src/mail/sqlite-mail.ts";

const at = 1_700_000_000_000;
const own = { ip: "192.0.2.1", userAgent: "curl/8" };
const thief = { ip: "198.51.100.1", userAgent: "wget/1" };
const about = { at, sessionId: SessionToken.generate("ada").id, userId: "ada" };

/** What these events put into the outbox, and what was reported. */
function told(events: readonly SessionEvent[], isBroken = false) {
  return toldAfter(async (notifications) => events.forEach(notifications.observe), isBroken);
}

async function toldAfter(happening: (notifications: Notifications) => Promise<void>, isBroken = false) {
  await using folder = await mkdtempDisposable(join(tmpdir(), "coatcheck-notifications-"));
  const database = openDatabase(join(folder.path, "coatcheck.db"));
  migrateAccounts(database);
  const store = new SqliteMail(database);
  const warnings: string[] = [];
  const warn = (message: string) => void warnings.push(message);
  let queued = 0;
  const onQueued = () => void queued++;
  const notifications = new Notifications({ store, areOn: true, now: () => at, warn, onQueued });
  if (isBroken) database.exec("DROP TABLE coatcheck_outbox");
  await happening(notifications);
  await notifications.settle();
  const mails: Mail[] = [];
  for (;;) {
    const claimed = isBroken ? undefined : await store.claim(at, at + 1);
    if (!claimed) break;
    mails.push(claimed.mail);
  }
  database.close();
  return { mails, warnings, queued };
}

test("asking for a reset sends nothing at once: the answers after it take as long, whoever has the address", async () => {
  const { mails, queued } = await toldAfter((notifications) =>
    notifications.passwordForgotten("ada@example.com", own),
  );
  assert.deepEqual(
    mails.map(({ kind }) => kind),
    ["password-reset"],
  );
  assert.equal(queued, 0);
});

describe("of what happens to sessions", () => {
  test("a copied session, a copied remembered browser and a copy in another browser are told", async () => {
    const { mails, queued } = await told([
      { ...about, type: "theft", client: thief },
      { ...about, type: "theft", client: thief, remember: true },
      { ...about, type: "fingerprint", reaction: "revoke", client: thief, signedIn: own },
    ]);
    const facts = { kind: "theft", userId: "ada", at, ip: thief.ip, device: "wget" };
    assert.deepEqual(mails.map((mail) => ("by" in mail ? mail.by : mail.kind)).toSorted(), [
      "other-browser",
      "outdated-copy",
      "outdated-copy",
    ]);
    for (const mail of mails) assert.deepEqual({ ...mail, by: undefined }, { ...facts, by: undefined });
    assert.equal(queued, 3);
  });

  test("what is everyday is not", async () => {
    const client = own;
    const { mails } = await told([
      { ...about, type: "created", client, amr: ["remember"] },
      { ...about, type: "renewed", client },
      { ...about, type: "reauthenticated", client, amr: ["pwd"] },
      { ...about, type: "revoked", reason: "logout" },
      { ...about, type: "evicted" },
      { ...about, type: "expired" },
      { ...about, type: "fingerprint", reaction: "report", client: thief, signedIn: own },
      { ...about, type: "rejected", reason: "unknown", client: thief },
    ]);
    assert.deepEqual(mails, []);
  });

  test("what cannot be put into the outbox is reported, and breaks nothing", async () => {
    const { warnings } = await told([{ ...about, type: "theft", client: thief }], true);
    assert.deepEqual(warnings, ["A mail could not be put into the outbox"]);
  });
});
