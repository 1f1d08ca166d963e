/** Everything that the server does for people and programs. What is typed in confidence is a canary. */
import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import type { MailServer } from "../support/mail-server.ts";
import { rawRequest } from "../support/raw-request.ts";
import type { Visitor } from "../support/visitor.ts";
import type { Witness } from "./witness.ts";

export interface Stage {
  readonly witness: Witness;
  readonly origin: string;
  readonly mails: MailServer;
  readonly metricsToken: string;
  visitor(userAgent?: string): Visitor;
  /** Lets so many milliseconds pass for the server. */
  advance(milliseconds: number): Promise<void>;
}

const hour = 60 * 60_000;

export const ada = { email: "ada@example.com", password: `tea "kettle" & <window>/'stairs'` };
const bob = { email: "bob@example.com", password: "lemon+hedgehog & violin=snail" };
const passwords = {
  changed: `window "upstairs" & <kettle>/tea`,
  reset: "kettle's <upstairs> window & 'tea'",
  wrong: "wrong & <guess> of somebody",
  weak: "adaexample",
};

const phone =
  "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1";

/** An address for which the server fails in a way that nobody has foreseen. */
export const breaking = "breaking@example.com";

export async function everyFlow(stage: Stage, setupCode: string): Promise<void> {
  const { witness } = stage;
  for (const [name, password] of Object.entries({ ada: ada.password, bob: bob.password, ...passwords })) {
    witness.canaries.plant(`password ${name}`, password);
  }
  const admin = await firstStart(stage, setupCode);
  await wrongSignIns(stage);
  await aSessionsLife(stage);
  const invited = await administration(stage, admin);
  await forgottenPassword(stage, invited);
  await everyPage(stage, admin);
  await problems(stage, admin);
  await theEnd(stage, admin);
}

async function firstStart({ visitor }: Stage, code: string): Promise<Visitor> {
  const admin = visitor();
  await admin.get("/setup");
  for (const typed of [
    { ...ada, password: passwords.weak },
    { ...ada, code: "x".repeat(43) },
  ]) {
    await admin.submit("/setup", { code, ...typed });
  }
  assert.equal((await admin.submit("/setup", { ...ada, code })).location, "/welcome");
  assert.equal((await visitor().submit("/setup", { ...ada, code })).status, 303);
  return admin;
}

/** People type their password where the address belongs. */
async function wrongSignIns({ visitor }: Stage): Promise<void> {
  const stranger = visitor();
  for (const typed of [
    { email: ada.email, password: passwords.wrong },
    { email: ada.password, password: "" },
    { email: ada.password, password: ada.password },
    { email: `${passwords.wrong}@example.com`, password: ada.password },
  ]) {
    await stranger.submit("/login", { ...typed, next: "/account" });
    await stranger.call("POST", "/api/login", typed);
    await stranger.submit("/forgot", typed);
    await stranger.call("POST", "/api/password/forgot", { email: typed.email });
  }
  for (let times = 0; times < 8; times++) {
    await stranger.call("POST", "/api/login", { email: "nobody@example.com", password: passwords.wrong });
  }
  const answer = await stranger.call("POST", "/api/login", {
    email: "nobody@example.com",
    password: passwords.wrong,
  });
  assert.equal(answer.status, 429);
}

async function aSessionsLife({ visitor, advance, witness }: Stage): Promise<void> {
  const browser = visitor();
  await browser.signIn(ada, true);
  const first = browser.copy();
  const events = await browser.events();
  witness.say("body", events.first!);
  events.leave();
  const { cookie } = browser;
  // The first step ends no session of itself: a session that is not used lives for half an hour.
  for (let passed = 0; passed < 3; passed++) {
    await advance(hour / 3);
    await browser.get("/devices");
  }
  assert.notEqual(browser.cookie, cookie, "the secret was renewed");
  await browser.call("POST", "/api/reauthenticate", { password: passwords.wrong });
  await browser.call("POST", "/api/reauthenticate", { password: ada.password });
  for (const currentPassword of [passwords.wrong, ada.password]) {
    for (const newPassword of [passwords.weak, ada.email, passwords.changed]) {
      await browser.call("POST", "/api/password", { currentPassword, newPassword });
    }
  }
  const changed = { ...ada, password: passwords.changed };
  await browser.submit("/account/password", { current: ada.password, new: passwords.reset }, "/account");
  await browser.submit("/account/password", { current: changed.password, new: ada.password }, "/account");
  assert.equal(await browser.isSignedIn(), true);
  await advance(2 * hour);
  await browser.get("/devices");
  assert.equal(await browser.isSignedIn(), true, "it came back, remembered");
  await advance(hour / 60);
  // A copy of a cookie that was replaced long ago.
  await first.get("/devices");
  await browser.get("/devices");
  const back = visitor(phone);
  await back.signIn(ada);
  await back.get(`/devices?session=${back.cookie}&password=${encodeURIComponent(ada.password)}`);
  await back.get(`/login?next=/devices&email=${encodeURIComponent(ada.password)}`);
  await back.submit("/logout", {}, "/devices");
}

async function administration({ visitor, advance }: Stage, admin: Visitor): Promise<string> {
  await admin.signIn(ada);
  await advance(hour / 4);
  await admin.get("/admin/users/new");
  await admin.submit("/admin/users/new", { email: "carol@example.com" }, "/devices");
  await admin.submit(
    "/admin/users/new",
    { email: "carol@example.com", current_password: passwords.wrong },
    "/devices",
  );
  const page = await admin.submit(
    "/admin/users/new",
    { email: "carol@example.com", current_password: ada.password },
    "/devices",
  );
  assert.match(page.text, /\/(?:setup|reset)#/);
  const made = await admin.call("POST", "/api/admin/users", { email: bob.email });
  assert.equal(made.status, 201, made.text);
  const { user, setupLink } = made.json();
  const code = setupLink.split("#")[1];
  for (const password of [passwords.weak, bob.password]) await visitor().submit("/reset", { code, password });
  const browser = visitor();
  await browser.signIn(bob);
  const path = `/api/admin/users/${user.id}`;
  await admin.get("/admin/users");
  await admin.get(`/admin/users/${user.id}`);
  await admin.call("GET", "/api/admin/users");
  await admin.call("GET", `${path}/sessions`);
  await admin.call("DELETE", `${path}/sessions`);
  await browser.get("/devices");
  await admin.call("PATCH", path, { disabled: true });
  await visitor().call("POST", "/api/login", bob);
  await admin.call("PATCH", path, { disabled: false });
  return admin.call("POST", `${path}/setup-link`).then((answer) => answer.json().setupLink.split("#")[1]);
}

async function forgottenPassword(stage: Stage, invitation: string): Promise<void> {
  const { visitor, mails } = stage;
  const stranger = visitor();
  mails.received.length = 0;
  assert.equal((await stranger.call("POST", "/api/password/forgot", { email: bob.email })).status, 202);
  // A new device is told at once, and what waits goes with it: also that of a stolen sign-in, whose code would end everything.
  await visitor(phone).signIn({ email: ada.email, password: ada.password });
  const codes = await codesOf(stage, /^Choose a new password$/, /^New device signed in/);
  for (const code of [invitation, codes[0]!]) {
    for (const password of [passwords.weak, passwords.reset])
      await stranger.submit("/reset", { code, password });
  }
  await stranger.submit("/reset", { code: codes[0]!, password: passwords.reset });
  await stranger.get(`/end-session?code=${codes[1]}`);
  await stranger.submit("/end-session", { code: codes[1]! });
  await stranger.submit("/end-session", { code: codes[1]! });
}

/** The codes of the mails with these subjects, when they have come. */
async function codesOf(
  { mails, witness }: Stage,
  ...subjects: readonly RegExp[]
): Promise<readonly string[]> {
  const wanted = subjects.map(async (subject) => {
    for (;;) {
      const mail = mails.received.find(({ headers }) => subject.test(headers.get("subject")!));
      if (mail) return witness.read(mail);
      await delay(20);
    }
  });
  return Promise.all(wanted);
}

async function everyPage({ visitor, metricsToken }: Stage, admin: Visitor): Promise<void> {
  await admin.call("POST", "/api/reauthenticate", { password: ada.password });
  for (const path of [
    "/",
    "/welcome",
    "/devices",
    "/devices/end-others",
    "/devices/end-all",
    "/account",
    "/history",
    "/admin",
    "/admin/sessions",
    "/admin/audit",
    "/admin/audit/audit.csv",
    "/admin/audit/audit.jsonl",
    "/docs",
    "/openapi.json",
    "/healthz",
    "/readyz",
    "/metrics",
    "/session/deadline",
    "/api/session",
    "/api/sessions",
    "/api/account",
    "/api/history",
    "/api/admin/audit",
    "/api/admin/figures",
    "/api/admin/sessions",
    "/api/admin/users",
    "/forgot",
    "/reset",
  ]) {
    const answer = await admin.get(path);
    assert.ok(answer.status < 500, `${path}: ${answer.status}`);
  }
  await admin.submit("/admin/audit/check", {}, "/admin/audit");
  const authorization = `Bearer ${metricsToken}`;
  const metrics = await visitor().send("GET", "/metrics", { headers: { authorization } });
  assert.equal(metrics.status, 200);
}

async function problems({ visitor, origin, witness }: Stage, admin: Visitor): Promise<void> {
  const { cookie } = admin;
  const secret = JSON.stringify({ email: ada.email, password: ada.password });
  const json = { "content-type": "application/json" };
  const other = visitor();
  await other.signIn(ada);
  const statuses = [
    await admin.get(`/nowhere/${"x".repeat(300)}`),
    await admin.send("GET", "/api/nowhere"),
    await admin.send("PUT", "/login"),
    await visitor().send("POST", "/api/login", { headers: json, body: secret.slice(0, -1) }),
    await visitor().send("POST", "/api/login", { headers: json, body: `[${secret}]` }),
    await visitor().send("POST", "/api/login", {
      headers: json,
      body: secret.replace(/"password":/, `"pass":`),
    }),
    await visitor().send("POST", "/api/login", { headers: json, body: `${secret}${" ".repeat(20_000)}` }),
    await visitor().send("POST", "/api/login", { headers: { "content-type": "text/plain" }, body: secret }),
    await visitor().send("POST", "/login", { headers: { "content-type": "text/plain" }, body: secret }),
    await visitor().send("POST", "/logout", { headers: { "sec-fetch-site": "cross-site" } }),
    await admin.send("DELETE", "/api/sessions", { headers: { "x-csrf-token": await other.csrfToken() } }),
    await visitor().submit("/login", { email: breaking, password: ada.password }),
    await visitor().call("POST", "/api/login", { email: breaking, password: ada.password }),
  ].map(({ status }) => status);
  assert.deepEqual(statuses, [404, 404, 405, 400, 422, 422, 413, 415, 415, 403, 403, 500, 500]);
  const host = `Host: ${new URL(origin).host}`;
  for (const lines of [
    ["TRACE / HTTP/1.1", host, `Cookie: __Host-session=${cookie}`],
    ["GET / HTTP/1.1", "Host: a b@c", `Cookie: __Host-session=${cookie}`],
    ["GET / HTTP/1.1", host, `Cookie __Host-session=${cookie}`],
  ]) {
    witness.say("body", await rawRequest(origin, lines));
  }
  const guess = visitor();
  for (const wrong of [cookie!.slice(0, -1), `${cookie}x`, `"${cookie}"`, encodeURIComponent(ada.password)]) {
    guess.cookie = wrong;
    await guess.get("/devices");
    await guess.send("GET", "/api/session");
    guess.cookie = undefined;
    guess.remember = wrong;
    await guess.send("GET", "/api/session");
  }
}

async function theEnd({ visitor }: Stage, admin: Visitor): Promise<void> {
  const other = visitor();
  await other.signIn(ada);
  const id = await other.sessionId();
  await admin.get(`/devices/end?session=${id}`);
  await admin.submit("/devices/end", { session: id }, "/devices");
  await other.get("/devices");
  await admin.call("DELETE", "/api/sessions/others");
  await admin.call("POST", "/api/logout");
}

/** The part of it that its stores take part in, and what is said when they do no more. */
export async function shortFlow({ visitor, witness, outage, worse }: ShortStage): Promise<void> {
  witness.canaries.plant("password", ada.password);
  const browser = visitor();
  await visitor().call("POST", "/api/login", { email: ada.password, password: ada.password });
  await browser.signIn(ada, true);
  browser.cookie = undefined;
  await browser.get("/devices");
  await browser.call("POST", "/api/reauthenticate", { password: ada.password });
  await browser.call("POST", "/api/admin/users", { email: bob.email });
  await browser.call("GET", "/api/admin/audit");
  const second = visitor(phone);
  await second.signIn(ada);
  await second.call("POST", "/api/logout");
  const askAll = async () => {
    for (const path of ["/devices", "/api/session", "/api/csrf", "/readyz"]) await browser.get(path);
    const remembered = browser.copy();
    remembered.cookie = undefined;
    await remembered.get("/api/session");
    const answer = await visitor().call("POST", "/api/login", ada);
    assert.equal(answer.status, 503, answer.text);
    await visitor().submit("/login", ada);
  };
  await outage();
  await askAll();
  await worse();
  await askAll();
}

export interface ShortStage extends Pick<Stage, "witness" | "origin" | "visitor"> {
  outage(): Promise<void>;
  worse(): Promise<void>;
}
