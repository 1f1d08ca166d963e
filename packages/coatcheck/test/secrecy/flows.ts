/** Everything that the library does, with every kind of cookie: what is said meanwhile is evidence. */
import assert from "node:assert/strict";
import { inspect } from "node:util";
import { verifyAudit } from "../../src/audit/chain.ts";
import { sealAudit } from "../../src/audit/upkeep.ts";
import { SessionToken } from "../../src/core/token.ts";
import { doctor } from "../../src/doctor/doctor.ts";
import { resolveAuth } from "../../src/http/auth-settings.ts";
import { applyGuard, csrfTokenPresent, recentAuth } from "../../src/http/guard.ts";
import { KeyRing } from "../../src/http/key-ring.ts";
import { type Deed, hour, minute, type Run, type Visitor } from "./run.ts";

/** Of a person who types it into the wrong field, too. */
export const password = `tea "kettle" & <window>/'stairs'`;

const chrome = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/150.0.0.0 Safari/537.36";

const ask: Deed = async (auth) => ({
  session: await auth.session(),
  rejection: await auth.rejection(),
  locked: await auth.lockedSession(),
});

export async function everyFlow(run: Run): Promise<void> {
  run.canaries.plant("password", password);
  for (const kind of ["plain", "sealed"] as const) {
    await beforeSignIn(run, run.visitor(kind));
    await aSessionsLife(run, run.visitor(kind));
    await aRememberedBrowser(run, run.visitor(kind));
    await wrongCookies(run, run.visitor(kind));
    await otherDevices(run, kind);
  }
  await behindTheScenes(run);
  await misuse(run);
}

async function beforeSignIn(run: Run, visitor: Visitor): Promise<void> {
  await visitor.get(ask);
  await visitor.post(async (auth) => {
    auth.carry({ theme: "dark" });
    await auth.flash("welcome", "Welcome");
    return auth.carried();
  });
  await visitor.post((auth) => auth.login("ada"), { headers: { "sec-fetch-site": "cross-site" } });
  // The password, where the address belongs.
  for (let times = 0; times < 12; times++) await visitor.post((auth) => auth.attempt(password));
  await run.attempt(() => run.sessions.create(""));
}

async function aSessionsLife(run: Run, visitor: Visitor): Promise<void> {
  await visitor.post(async (auth) => {
    await auth.attempt("ada@example.com");
    return auth.login("ada", { data: { note: "of ada" } });
  });
  const first = visitor.cookie;
  const tokens = await csrfTokens(run, visitor);
  const form: Deed = async (auth) => (await applyGuard(auth, csrfTokenPresent)).problem;
  for (const token of [tokens[0]!, password, ""])
    await visitor.post(form, { headers: { "x-csrf-token": token } });
  await visitor.post((auth) => auth.update({ theme: "light" }));
  await visitor.post((auth) => auth.flash("saved", "Saved"));
  await visitor.get((auth) => auth.pop("saved"));
  await run.attempt(() => visitor.post((auth) => auth.update({ theme: password })));
  await run.attempt(() => visitor.post((auth) => auth.update({ note: 1n as unknown as string })));
  await visitor.get(async (auth) => (await applyGuard(auth, recentAuth(minute))).problem);

  run.clock.advance(hour);
  await visitor.get(ask, { lost: true });
  await visitor.get(ask);
  await visitor.get(ask);
  await visitor.get(ask, { cookie: first });
  run.clock.advance(minute);
  await visitor.post((auth) => auth.renew());
  await visitor.get(ask);
  await visitor.post(async (auth) => {
    await auth.attempt("ada@example.com");
    return auth.reauthenticate();
  });
  await csrfTokens(run, visitor);
  await visitor.get(ask, { headers: { "user-agent": chrome } });
  await visitor.get(ask, { cookie: `${visitor.cookie}; ${visitor.cookie}` });
  // Long replaced: whoever has it has stolen it.
  run.clock.advance(minute);
  await visitor.get(ask, { cookie: first });
  const answer = await visitor.get(ask);
  assert.match(await answer.text(), /theft/);
  await visitor.post((auth) => auth.logout());
}

async function aRememberedBrowser(run: Run, visitor: Visitor): Promise<void> {
  await visitor.post(async (auth) => {
    await auth.attempt("bob@example.com");
    return auth.login("bob", { remember: true });
  });
  const first = `__Host-remember=${visitor.cookieNamed("remember")}`;
  run.clock.advance(3 * hour);
  await visitor.get(ask, { lost: true });
  await visitor.get(ask);
  await csrfTokens(run, visitor);
  await visitor.get(ask, { cookie: first });
  await visitor.post((auth) => auth.reauthenticate());
  run.clock.advance(3 * hour);
  await visitor.get(ask, { headers: { "user-agent": chrome } });
  await visitor.get(ask);
  await run.attempt(() => run.sessions.devices("bob"));
  run.clock.advance(minute);
  await visitor.get(ask, { cookie: first });
  await visitor.post((auth) => auth.logout());
}

async function wrongCookies(run: Run, visitor: Visitor): Promise<void> {
  await visitor.post((auth) => auth.login("eve", { remember: true }));
  const [session, remember] = ["session", "remember"].map((name) => visitor.cookieNamed(name)) as [
    string,
    string,
  ];
  const half = session.slice(0, -10);
  for (const cookie of [
    `__Host-session=${half}`,
    `__Host-session=${session}x`,
    `__Host-session="${session}"`,
    `__Host-session=${remember}`,
    `__Host-remember=${session}`,
    `__Host-session=${encodeURIComponent(password)}`,
    `__Host-session=${SessionToken.generate("eve").reveal()}`,
    `__Host-session=${session}; __Host-session=${half}`,
    `__Host-remember=${remember}; __Host-remember=${half}`,
    `__Host-device=${session}`,
    `__Host-carry-over=${session}`,
    `session=${session}`,
  ]) {
    await visitor.get(ask, { cookie });
    await visitor.post((auth) => auth.attempt("eve@example.com"), { cookie });
  }
  await run.attempt(() => run.sessions.validate(`${session}x`));
}

async function otherDevices(run: Run, kind: "plain" | "sealed"): Promise<void> {
  const visitors = [1, 2, 3, 4].map(() => run.visitor(kind));
  for (const visitor of visitors) {
    await visitor.post((auth) => auth.login("grace", { remember: true }));
    run.clock.advance(1);
  }
  const [, second, third, fourth] = visitors;
  await fourth!.get((auth) => auth.sessions.list("grace"));
  await third!.get(async (auth) => {
    const session = (await auth.session())!;
    const { signal } = session;
    await auth.sessions.revoke(session.id);
    return signal;
  });
  for (const visitor of visitors) await visitor.get(ask);
  await second!.post((auth) => auth.sessions.revokeAll("grace", { reason: "credentials-changed" }));
  for (const visitor of visitors) await visitor.get(ask);
  // They stay, for who reads the store.
  await run.visitor(kind).post((auth) => auth.login("heidi", { remember: true }));
}

async function behindTheScenes(run: Run): Promise<void> {
  const { sessions, audit, ground, clock, keys } = run;
  const { store } = ground;
  const created = await sessions.create("ivan", { remember: true });
  run.plantToken("created", created.token);
  run.plantToken("created", created.remember!.token);
  run.show("public object", created, created.token, `${created.token}`);
  const validation = await sessions.validate(created.token);
  const renewed = await sessions.renew(created.token);
  run.plantToken("renewed", renewed!);
  run.show("public object", validation, renewed, await sessions.find(created.session.id));
  run.show("public object", sessions, audit, keys, resolveAuth({ keys, seal: true }));
  run.show("public object", store, store.remember, store.throttle, ground.audit);
  run.show("finding", await doctor({ store, auth: { keys, seal: true }, now: clock.now }));
  await audit.flush();
  await sealAudit(ground.audit);
  run.show("audit", await ground.audit.query({ limit: 10_000 }), await verifyAudit(ground.audit));
  await sessions.prune();
}

/** What is called wrongly says so without what it was given. */
async function misuse(run: Run): Promise<void> {
  const { key, sessions, keys } = run;
  const refusals: readonly (() => unknown)[] = [
    () => new KeyRing([`${key}x`]),
    () => new KeyRing([key, key]),
    () => new KeyRing([key, `other${key.slice(key.indexOf(":"))}`]),
    () => resolveAuth({ keys: [key.slice(0, -1)], seal: true }),
    () => resolveAuth({ carryOver: [key] }),
    () => keys.seal("session", "__Host-session", password, Number.NaN),
    () => sessions.create(password.repeat(20)),
    () => sessions.create("ada", { data: { theme: password } }),
    () => sessions.revokeAll(""),
    () => sessions.flash(SessionToken.generate("ada").id, password.repeat(20), password.repeat(200)),
  ];
  for (const refusal of refusals) {
    await run.attempt(async () => assert.fail(`Accepted: ${inspect(await refusal())}`));
  }
}

/** The store fails, with whatever its driver says. */
export async function everyFailure(run: Run): Promise<void> {
  const { sessions, ground } = run;
  const [visitor, stranger] = [run.visitor("plain"), run.visitor("sealed")];
  await visitor.post((auth) => auth.login("judy", { remember: true }));
  const token = SessionToken.parse(visitor.cookieNamed("session"));
  await ground.fail();
  await run.attempt(() => sessions.create("judy"));
  await visitor.get(ask);
  for (const verb of ["logout", "renew", "reauthenticate", "csrfToken"] as const) {
    await visitor.post((auth) => auth[verb]());
  }
  await visitor.get(ask, { cookie: `__Host-remember=${visitor.cookieNamed("remember")}` });
  await stranger.post((auth) => auth.attempt(password));
  await stranger.post((auth) => auth.login("judy", { remember: true }));
  await run.attempt(() => sessions.validate(token));
  await run.attempt(() => sessions.devices("judy"));
  await run.attempt(() => sessions.prune());
  await run.attempt(() => run.audit.flush());
  run.show("finding", await doctor({ store: ground.store, now: run.clock.now }));
  assert.match(run.textOf("error"), /StoreUnavailableError/);
}

/** Two, each masked in its own way. */
async function csrfTokens(run: Run, visitor: Visitor): Promise<readonly string[]> {
  const tokens: string[] = [];
  // The answer that hands one out is no evidence against itself.
  await visitor.get(async (auth) => {
    for (const _ of [1, 2]) tokens.push(await auth.csrfToken());
  });
  for (const token of tokens) run.canaries.plant("CSRF token", token);
  return tokens;
}
