import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { describe, test } from "node:test";
import { hash } from "@node-rs/argon2";
import { Accounts } from "../src/accounts/accounts.ts";
import { emailFault, emailKey } from "../src/accounts/email.ts";
import { PasswordHasher } from "../src/accounts/password-hasher.ts";
import { setupLinkLifetime } from "../src/accounts/setup-link.ts";
import { SqliteAccounts } from "../src/accounts/sqlite-accounts.ts";

const ada = { email: "Ada@Example.com", password: "tea kettle upstairs window" };
const hasher = new PasswordHasher();

function setUp() {
  const database = new DatabaseSync(":memory:");
  const store = new SqliteAccounts(database);
  const clock = { now: 1_700_000_000_000 };
  return { database, store, clock, accounts: new Accounts(store, hasher, () => clock.now) };
}

describe("accounts", () => {
  test("the first administrator is created once, also by two at the same time", async () => {
    const { accounts } = setUp();
    const both = await Promise.all([
      accounts.createAdministrator(ada),
      accounts.createAdministrator({ ...ada, email: "eve@example.com" }),
    ]);
    assert.equal(both.filter(Boolean).length, 1);
    assert.equal(await accounts.createAdministrator(ada), undefined);
  });

  test("whoever has the password is known, whatever the case of the address", async () => {
    const { accounts } = setUp();
    const created = await accounts.createAdministrator(ada);
    const found = await accounts.authenticate({ ...ada, email: " ada@EXAMPLE.com " });
    assert.equal(found?.id, created?.id);
    assert.equal(found?.email, "Ada@Example.com");
    assert.deepEqual(found?.roles, ["admin", "user"]);
  });

  test("a password does not age (ASVS 6.2.10)", async () => {
    const { accounts, clock } = setUp();
    await accounts.createAdministrator(ada);
    clock.now += 20 * 365 * 24 * 3_600_000;
    assert.ok(await accounts.authenticate(ada));
  });

  // Proves ASVS 6.3.8.
  test("a wrong password, an unknown address and a disabled account are one answer", async () => {
    const { accounts, store } = setUp();
    const user = await accounts.createAdministrator(ada);
    assert.equal(await accounts.authenticate({ ...ada, password: "wrong" }), undefined);
    assert.equal(await accounts.authenticate({ ...ada, email: "eve@example.com" }), undefined);
    await store.changeRights(user!.id, { disabled: true });
    assert.equal(await accounts.authenticate(ada), undefined);
    await store.changeRights(user!.id, { disabled: false });
    assert.ok(await accounts.authenticate(ada));
  });

  // How long they take is measured by bench/timing.ts.
  test("and the same work: one password is hashed for each (ASVS 6.3.8)", async (t) => {
    const { accounts, store } = setUp();
    const user = await accounts.createAdministrator(ada);
    const verify = t.mock.method(hasher, "verify");
    const attempts = [
      { ...ada, password: "wrong" },
      { ...ada, email: "eve@example.com" },
    ];
    for (const attempt of attempts) await accounts.authenticate(attempt);
    await store.changeRights(user!.id, { disabled: true });
    await accounts.authenticate(ada);
    assert.equal(verify.mock.callCount(), 3);
  });

  // Proves ASVS 2.3.3.
  test("a sign-in that began before a password change is not valid after it", async () => {
    const { accounts } = setUp();
    await accounts.createAdministrator(ada);
    const signingIn = await accounts.authenticate(ada);
    assert.equal(await accounts.stillValid(signingIn!), true);
    assert.equal(await accounts.changePassword(signingIn!, "window upstairs kettle tea"), true);
    assert.equal(await accounts.stillValid(signingIn!), false);
  });

  // Proves ASVS 15.4.2.
  test("of two password changes from the same state one wins", async () => {
    const { accounts } = setUp();
    const user = await accounts.createAdministrator(ada);
    const outcomes = await Promise.all([
      accounts.changePassword(user!, "window upstairs kettle tea"),
      accounts.changePassword(user!, "lemon hedgehog violin snail"),
    ]);
    assert.deepEqual(outcomes.toSorted(), [false, true]);
  });

  // Proves ASVS 11.4.2, ASVS 11.2.2.
  test("a hash of older parameters is replaced at sign-in, and the sign-in stays valid", async () => {
    const { accounts, database } = setUp();
    await accounts.createAdministrator(ada);
    const old = await hash(ada.password, { memoryCost: 4096, timeCost: 1 });
    database.prepare("UPDATE coatcheck_users SET password_hash = ?").run(old);
    const user = await accounts.authenticate(ada);
    assert.equal(await accounts.stillValid(user!), true);
    assert.match((await accounts.find(user!.id))!.passwordHash, /m=19456,t=2,p=1/);
    assert.ok(await accounts.authenticate(ada));
  });

  test("a better hash of the old password never overwrites a new password", async () => {
    const { accounts, store } = setUp();
    const user = await accounts.createAdministrator(ada);
    await accounts.changePassword(user!, "window upstairs kettle tea");
    await store.rehashPassword(user!.id, user!.credentialVersion, "hash of the old password");
    assert.ok(await accounts.authenticate({ ...ada, password: "window upstairs kettle tea" }));
  });
});

describe("the set-up link", () => {
  test("creates the administrator once", async () => {
    const { accounts } = setUp();
    const code = await accounts.issueSetupCode();
    assert.ok(await accounts.createAdministratorByCode(ada, code));
    assert.equal(
      await accounts.createAdministratorByCode({ ...ada, email: "eve@example.com" }, code),
      undefined,
    );
  });

  test("is not at rest, only its hash", async () => {
    const { accounts, database } = setUp();
    const code = await accounts.issueSetupCode();
    const rows = database.prepare("SELECT * FROM coatcheck_setup_links").all();
    assert.equal(rows.length, 1);
    assert.doesNotMatch(JSON.stringify(rows), new RegExp(code));
  });

  // Proves ASVS 6.3.2.
  test("is dead after 24 hours, and once a new one was made", async () => {
    const { accounts, clock } = setUp();
    const first = await accounts.issueSetupCode();
    const second = await accounts.issueSetupCode();
    assert.equal(await accounts.createAdministratorByCode(ada, first), undefined);
    clock.now += setupLinkLifetime;
    assert.equal(await accounts.createAdministratorByCode(ada, second), undefined);
    clock.now -= 1;
    assert.ok(await accounts.createAdministratorByCode(ada, second));
  });

  test("opens nothing once there is a user, and a guess opens nothing at all", async () => {
    const { accounts } = setUp();
    const code = await accounts.issueSetupCode();
    assert.equal(await accounts.createAdministratorByCode(ada, "guess"), undefined);
    await accounts.createAdministrator({ ...ada, email: "eve@example.com" });
    assert.equal(await accounts.createAdministratorByCode(ada, code), undefined);
  });

  test("survives the blanks that copying from a terminal adds", async () => {
    const { accounts } = setUp();
    const code = await accounts.issueSetupCode();
    assert.ok(await accounts.createAdministratorByCode(ada, ` ${code.slice(0, 20)}\n${code.slice(20)} `));
  });
});

describe("migrations", () => {
  test("run once on a database that several processes open", () => {
    const { database } = setUp();
    assert.doesNotThrow(() => new SqliteAccounts(database));
  });
});

describe("e-mail addresses", () => {
  test("one address has one key, however it is composed or capitalised", () => {
    assert.equal(emailKey("JOSE\u0301@Example.com"), emailKey("jos\u00e9@example.COM"));
    assert.equal(emailKey("ада@Пример.рф"), emailKey("Ада@xn--e1afmkfd.xn--p1ai"));
  });

  for (const good of ["ada@example.com", "a+b@localhost", "ада@пример.рф", "o'hara@example.com"]) {
    test(`${good} is accepted`, () => assert.equal(emailFault(good), undefined));
  }

  for (const bad of [
    "",
    "ada",
    "@example.com",
    "ada@",
    "a@b@c",
    "ada@exa mple.com",
    "ada@example.com\r\nBcc: eve@example.com",
    "<ada@example.com>",
    "ada@example.com,eve@example.com",
    "ada@example.com\u{1f101}",
    "ada\u0000@example.com",
    "ada\ud800@example.com",
    `${"a".repeat(250)}@example.com`,
  ]) {
    // Proves CVE-2022-35924.
    test(`${JSON.stringify(bad).slice(0, 40)} is refused`, () => assert.ok(emailFault(bad)));
  }
});
