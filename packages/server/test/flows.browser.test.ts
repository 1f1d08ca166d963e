/** What people come here to do, from the first start to the last sign-out: with script off, in each language. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Page } from "playwright-core";
import { oneBrowser, visit } from "../../../test/servers/browser.ts";
import { languages } from "../src/words/language.ts";
import { type Words, wordsIn } from "../src/words/words.ts";
import { ada, startTestServer, type TestServer } from "./support/test-server.ts";
import type { Visitor } from "./support/visitor.ts";

const withBrowser = oneBrowser();

const minute = 60_000;
const phone =
  "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1";

/** A person before a browser without script, who reads one language. */
class Person {
  readonly page: Page;
  readonly words: Words;
  readonly server: TestServer;
  password = ada.password;

  constructor(page: Page, words: Words, server: TestServer) {
    this.page = page;
    this.words = words;
    this.server = server;
  }

  async goTo(path: string): Promise<void> {
    await visit(this.page, this.server.origin + path);
  }

  async press(name: string): Promise<void> {
    await this.page.getByRole("main").getByRole("button", { name, exact: true }).click();
  }

  async follow(name: string | RegExp): Promise<void> {
    await this.page.getByRole("main").getByRole("link", { name }).click();
  }

  async fill(fields: Readonly<Record<string, string>>): Promise<void> {
    for (const [name, value] of Object.entries(fields)) await this.page.locator(`[name=${name}]`).fill(value);
  }

  async signIn(password = this.password, email = ada.email): Promise<void> {
    await this.fill({ email, password });
    await this.press(this.words.signIn.submit);
  }

  async signOut(): Promise<void> {
    await this.page.getByRole("banner").getByRole("button", { name: this.words.frame.signOut }).click();
  }

  /** Goes back as the browser does, and sees what it shows then. */
  async back(): Promise<void> {
    await this.page.goBack();
    await this.page.waitForLoadState();
  }

  async sees(heading: string): Promise<void> {
    await this.page.getByRole("heading", { name: heading, exact: true, level: 1 }).waitFor();
  }

  async isTold(text: string): Promise<void> {
    assert.equal(await this.page.getByRole("status").innerText(), text);
  }

  text(): Promise<string> {
    return this.page.locator("body").innerText();
  }

  devices(): Promise<number> {
    return this.page.locator(".device").count();
  }
}

async function otherDevice({ server, password }: Person): Promise<Visitor> {
  const visitor = server.visitor(phone);
  await visitor.signIn({ ...ada, password });
  return visitor;
}

/** The link that the server printed, then signing out, then in: with what was chosen, the server is theirs. */
async function settingUp(person: Person): Promise<void> {
  const { words, server } = person;
  const link = server.running.setupLink!;
  await person.page.goto(link);
  await person.sees(words.setup.title);
  await person.fill({ code: link.split("#")[1]!, email: ada.email, password: "short" });
  await person.press(words.setup.submit);
  assert.equal(await person.page.locator("[name=email]").inputValue(), ada.email, "It is kept");
  await person.fill({ password: ada.password });
  await person.press(words.setup.submit);
  await person.sees(words.welcome.title);
  await person.signOut();
  await person.isTold(words.notices["signed-out"]);
}

async function mistakes(person: Person): Promise<void> {
  const { page, words, server } = person;
  await person.goTo("/account");
  await person.sees(words.signIn.title);
  await person.press(words.signIn.submit);
  const summary = page.locator(".summary");
  for (const fault of ["email-missing", "password-missing"] as const)
    assert.ok((await summary.innerText()).includes(words.faults[fault]));
  await page.locator("[name=remember]").check();
  await person.signIn("not the password");
  assert.ok((await summary.innerText()).includes(words.faults["wrong-credentials"]));
  assert.match(await page.title(), new RegExp(`^${words.frame.error}: `));
  assert.equal(await page.locator("[name=email]").inputValue(), ada.email, "It is kept");
  assert.equal(await page.locator("[name=remember]").isChecked(), true, "It is kept");
  assert.equal(await page.locator("[name=password]").inputValue(), "", "It is not");

  const somebody = "somebody@example.com";
  for (let times = 0; times < 5; times++)
    await server.visitor().submit("/login", { email: somebody, password: "not the password" });
  await person.signIn("not the password", somebody);
  const wait = words.language === "en" ? "Try again in 1 second." : "Попробуйте снова через 1 секунду.";
  assert.ok((await summary.innerText()).includes(wait), await summary.innerText());
  assert.equal(await page.locator("[name=email]").inputValue(), somebody, "It is kept");
  assert.equal(await page.locator("[name=remember]").isChecked(), true, "It is kept");
}

async function endingDevices(person: Person): Promise<void> {
  const { page, words } = person;
  const { devices, notices } = words;
  await person.signIn();
  await person.sees(words.account.title);
  const other = await otherDevice(person);
  await page.getByRole("link", { name: words.frame.devices, exact: true }).click();
  const cards = page.locator(".device");
  assert.ok((await cards.first().innerText()).includes(devices.thisDevice), "This one comes first");
  const card = await cards.first().innerText();
  for (const said of [
    devices.signedIn,
    devices.lastActive,
    "127.0.0.1",
    devices.byPassword,
    devices.staysUntil,
  ])
    assert.ok(card.includes(said), said);
  assert.match(
    (await cards.first().locator("time").first().getAttribute("title"))!,
    /\d{4}.*\d\d:\d\d:\d\d UTC$/,
  );

  const end = devices.endNamed(words.device.on("Safari", "iOS"), "127.0.0.1");
  await person.follow(end);
  await person.follow(devices.keep);
  assert.equal(await other.isSignedIn(), true, "Nothing was done yet");
  await person.follow(end);
  await person.sees(devices.endTitle);
  await person.press(devices.end);
  await person.isTold(notices["device-ended"]);
  assert.equal(await other.isSignedIn(), false);
  await person.back();
  await person.isTold(notices["device-gone"]);
  assert.equal(await person.devices(), 1);

  const others = [await otherDevice(person), await otherDevice(person)];
  await person.goTo("/devices");
  await person.follow(devices.endOthers);
  await person.sees(devices.endOthersTitle);
  await person.press(devices.endOthers);
  await person.isTold(notices["others-ended"]);
  for (const each of others) assert.equal(await each.isSignedIn(), false);
  await person.back();
  await person.sees(devices.title);
  assert.equal(await person.devices(), 1, "Back leads to nothing that could be sent again");
}

async function changingThePassword(person: Person): Promise<void> {
  const { page, words } = person;
  const other = await otherDevice(person);
  const next = "lemon hedgehog violin snail";
  await page.getByRole("link", { name: words.frame.account, exact: true }).click();
  await person.fill({ current: "not the password", new: next });
  await person.press(words.account.changePassword);
  assert.ok((await page.locator(".summary").innerText()).includes(words.faults["wrong-password"]));
  await person.fill({ current: person.password, new: next });
  await person.press(words.account.changePassword);
  await person.isTold(words.notices["password-changed"]);
  person.password = next;
  assert.equal(await other.isSignedIn(), false);
}

async function lookingBack(person: Person): Promise<void> {
  const { page, words, server } = person;
  await server.running.flushAudit();
  await page.getByRole("link", { name: words.frame.history, exact: true }).click();
  const lines = page.locator(".happenings");
  for (const event of ["created", "password-changed", "sign-in-failed"])
    assert.ok((await lines.innerText()).includes(words.history.events[event]!), event);
  await person.follow(words.history.failures);
  assert.ok(!(await lines.innerText()).includes(words.history.events["password-changed"]!));
}

/** What is left on the screen afterwards, and behind it, says nothing of who was here. */
async function leaving(person: Person): Promise<void> {
  const { page, words, server } = person;
  const other = await otherDevice(person);
  await page.getByRole("contentinfo").getByRole("link", { name: words.frame.signOutEverywhere }).click();
  await person.sees(words.devices.endAllTitle);
  await person.press(words.devices.endAll);
  await person.isTold(words.notices["signed-out-everywhere"]);
  assert.equal(await other.isSignedIn(), false);
  for (let times = 0; times < 2; times++) {
    await person.back();
    await person.sees(words.signIn.title);
    assert.doesNotMatch(await person.text(), /ada@example|127\.0\.0\.1/);
  }

  await person.goTo("/devices");
  await person.signIn();
  await person.sees(words.devices.title);
  await person.signOut();
  await person.isTold(words.notices["signed-out"]);
  await person.back();
  await person.sees(words.signIn.title);
  assert.doesNotMatch(await person.text(), /ada@example/);

  await person.goTo("/devices");
  await person.signIn();
  await person.sees(words.devices.title);
  server.clock.now += 31 * minute;
  await page.reload();
  await person.isTold(words.signIn.because(words.endReasons.expired));
  assert.equal(new URL(page.url()).search, "?next=%2Fdevices", "Signing in leads back");
}

for (const language of languages) {
  // Proves ASVS 7.5.2, ASVS 7.4.1, WSTG-ATHN-06.
  test(`without script, in ${language}: from the set-up link to the last sign-out, and nothing that was ended comes back`, {
    timeout: 180_000,
  }, async () => {
    await using server = await startTestServer({ env: {} });
    await withBrowser(async (browser) => {
      const context = await browser.newContext({ javaScriptEnabled: false, locale: language });
      const person = new Person(await context.newPage(), wordsIn(language), server);
      await settingUp(person);
      await mistakes(person);
      await endingDevices(person);
      await changingThePassword(person);
      await lookingBack(person);
      await leaving(person);
    });
  });
}
