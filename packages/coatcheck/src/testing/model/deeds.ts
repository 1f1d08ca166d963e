/** Each deed of a history, done by the real manager and by the model, and the two compared. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { SignInRefusedError } from "../../core/errors.ts";
import type { Session } from "../../core/session.ts";
import type { CreatedSession, SignInRequest } from "../../core/sign-in.ts";
import { type SessionId, SessionToken } from "../../core/token.ts";
import { clients, type Fate, type Step, users } from "./history.ts";
import { Holder } from "./holder.ts";
import type { ExpectedCookie } from "./session-model.ts";
import { idOf, type Stage, userOf, viewOf } from "./stage.ts";

type Deeds = {
  readonly [Deed in Step["do"]]: (on: Stage, step: Extract<Step, { do: Deed }>) => Promise<void> | void;
};

const mostHolders = 8;

const deeds: Deeds = {
  "sign in": signIn,
  use: async (on, { who, canRenew, answer }) => {
    const holder = on.holder(who);
    await use(on, holder, holder.jar, canRenew, answer);
  },
  send: (on, { who }) => on.holder(who).send(on.elapsed),
  receive: async (on, { who, answer }) => {
    const holder = on.holder(who);
    const token = holder.arriving();
    if (token !== undefined) await use(on, holder, token, true, answer);
  },
  "use late": async (on, { who, answer }) => {
    const holder = on.holder(who);
    const token = holder.late(on.tooLate);
    if (token !== undefined) await use(on, holder, token, true, answer);
  },
  deliver: (on, { who }) => on.holder(who).deliver(on.elapsed),
  renew,
  reauthenticate,
  "sign out": signOut,
  steal: (on, { who, client }) => {
    const { jar } = on.holder(who);
    if (jar === undefined || on.holders.length >= mostHolders) return;
    on.compromise(jar);
    on.holders.push(new Holder(client % clients.length, jar));
  },
  guess,
  touch: async (on, { session }) => {
    const id = on.session(session);
    if (id === undefined) return;
    const asSeen = { id: id as SessionId, createdAt: on.model.createdAt(id) };
    assert.equal(await on.sessions.touch(asSeen), on.model.touch(id));
  },
  update: async (on, { session, patch }) => {
    const id = on.session(session);
    if (id === undefined) return;
    assert.equal(await on.sessions.update(id as SessionId, patch), on.model.update(id, patch));
    await compareList(on, on.model.ownerOf(id)!);
  },
  count: async (on, { session }) => {
    const id = on.session(session);
    if (id === undefined) return;
    const actual = on.sessions.update(id as SessionId, (data) => ({ count: next(data) }));
    assert.equal(await actual, on.model.update(id, { count: next(on.model.view(id)?.data) }));
    await compareList(on, on.model.ownerOf(id)!);
  },
  revoke,
  "revoke all": async (on, { user, except }) => {
    const userId = userOf(user);
    const reason = "credentials-changed";
    const spared = on.session(except);
    const actual = on.sessions.revokeAll(userId, { reason, except: spared as SessionId | undefined });
    assert.equal(await actual, on.model.revokeAll(userId, reason, spared));
  },
  list: (on, { user }) => compareList(on, userOf(user)),
  prune: async (on) => assert.equal(await on.sessions.prune(), on.model.prune()),
  wait: (on, { part, of }) => on.pass(Math.ceil(part * on.policy[of])),
  "wait until": (on, { session, due, off }) => {
    const id = on.session(session);
    const moment = id && on.model.moments(id)[due];
    if (moment) on.pass(Math.max(0, moment + off - on.now()));
  },
};

/** Does one step on the stage; throws at the first difference. */
export async function take(on: Stage, step: Step): Promise<void> {
  const deed = deeds[step.do] as (on: Stage, step: Step) => Promise<void> | void;
  await deed(on, step);
  await on.sessions.close();
  on.settle();
}

/** As `RequestAuth.login` does it: the session that was presented is validated first, and replaced. */
async function signIn(on: Stage, step: Extract<Step, { do: "sign in" }>): Promise<void> {
  const holder = on.holder(step.who);
  const userId = userOf(step.user);
  const { kind, info: client } = clients[holder.client]!;
  const data = { signedInBy: step.who };
  const replacing = await use(on, holder, holder.jar, true, "lost");
  const stillValid = () => step.stillValid;
  const created = await outcomeOf(on, userId, { client, data, replacing, stillValid });
  const isCreated = typeof created !== "string";
  const expected = on.model.signIn(userId, {
    id: on.begun() ?? "",
    token: isCreated ? created.token.reveal() : undefined,
    replacing: replacing?.id,
    stillValid: step.stillValid,
    client,
    kind,
    data,
  });
  assert.equal(isCreated ? "created" : created, expected);
  if (!isCreated) return;
  assert.deepEqual(viewOf(created.session), on.model.view(created.session.id));
  on.answer(holder, created.token.reveal(), step.answer);
  await compareList(on, userId);
}

async function outcomeOf(
  { sessions }: Stage,
  userId: string,
  request: SignInRequest<Record<string, unknown>>,
): Promise<CreatedSession<Record<string, unknown>> | SignInRefusedError["code"]> {
  try {
    return await sessions.create(userId, request);
  } catch (error) {
    if (error instanceof SignInRefusedError) return error.code;
    throw error;
  }
}

/** One request with this token; what the answer carries goes to the holder. */
async function use(
  on: Stage,
  holder: Holder,
  token: string | undefined,
  canRenew: boolean,
  fate: Fate,
): Promise<Session | undefined> {
  const { kind, info: client } = clients[holder.client]!;
  const actual = await on.sessions.validate(token, { client, canRenew });
  if (token === undefined) {
    assert.deepEqual(actual, { ok: false, rejection: { reason: "absent" } });
    return undefined;
  }
  const expected = on.model.validate(token, kind, canRenew);
  if (!actual.ok || !expected.ok) {
    const { ok, ...rejection } = expected;
    assert.deepEqual(actual, { ok, rejection });
    return undefined;
  }
  assert.deepEqual(viewOf(actual.session), expected.session);
  assert.equal(actual.superseded, expected.superseded);
  on.witness.seesOpened(token, actual.session);
  receive(on, holder, token, actual.successor?.reveal(), expected.cookie, fate);
  return actual.session;
}

async function renew(on: Stage, { who, answer }: Extract<Step, { do: "renew" }>): Promise<void> {
  const holder = on.holder(who);
  if (holder.jar === undefined) return;
  const { kind, info } = clients[holder.client]!;
  const successor = await on.sessions.renew(SessionToken.parse(holder.jar)!, info);
  const expected = on.model.renew(holder.jar, kind);
  receive(on, holder, holder.jar, successor?.reveal(), expected, answer);
}

/** Compares the successor that was sent, if one was, and gives it to the holder. */
function receive(
  on: Stage,
  holder: Holder,
  token: string,
  successor: string | undefined,
  expected: ExpectedCookie,
  fate: Fate,
): void {
  assert.equal(
    successor === undefined ? "no cookie" : "a cookie",
    expected === "none" ? "no cookie" : "a cookie",
  );
  if (successor === undefined) return;
  assert.equal(
    on.hasSent(successor),
    expected === "again",
    "A successor was sent twice, or another than before",
  );
  assert.ok(on.model.knows(successor), "Another successor was sent than before");
  on.witness.seesSuccessor(token, successor);
  on.answer(holder, successor, fate);
}

async function reauthenticate(on: Stage, step: Extract<Step, { do: "reauthenticate" }>): Promise<void> {
  const holder = on.holder(step.who);
  if (holder.jar === undefined) return;
  const { kind, info: client } = clients[holder.client]!;
  const amr = ["pwd", "otp"];
  const again = await on.sessions.reauthenticate(SessionToken.parse(holder.jar)!, { amr, client });
  const fresh = again?.token.reveal();
  assert.equal(again !== undefined, on.model.reauthenticate(holder.jar, kind, { amr, client }, fresh));
  if (!again || !fresh) return;
  assert.deepEqual(viewOf(again.session), on.model.view(again.session.id));
  on.witness.seesReplacement(holder.jar);
  on.answer(holder, fresh, step.answer, true);
}

/** As `RequestAuth.logout` does it. */
async function signOut(on: Stage, { who }: Extract<Step, { do: "sign out" }>): Promise<void> {
  const holder = on.holder(who);
  const session = await use(on, holder, holder.jar, true, "lost");
  if (session) {
    const actual = on.sessions.revoke(session.id, { reason: "logout" });
    assert.equal(await actual, on.model.revoke(session.id, "logout"));
  }
  holder.jar = undefined;
}

/** Nobody but who copied the cookie knows the family: an invented secret under it is a thief's. */
async function guess(on: Stage, { who, wrong }: Extract<Step, { do: "guess" }>): Promise<void> {
  const { jar } = on.holder(who);
  if (jar === undefined) return;
  const [id, family, secret] = jar.split(".") as [string, string, string];
  const invented = {
    id: [randomText(25), family, secret],
    family: [id, randomText(22), secret],
    secret: [id, family, randomText(43)],
    both: [id, randomText(22), randomText(43)],
  };
  if (wrong === "secret") on.compromise(jar);
  await use(on, new Holder(2), invented[wrong].join("."), true, "lost");
}

async function revoke(on: Stage, { session, by }: Extract<Step, { do: "revoke" }>): Promise<void> {
  const id = on.session(session) ?? randomText(25);
  const owner = on.model.ownerOf(id) ?? userOf(session);
  const stranger = users[(users.indexOf(owner) + 1) % users.length]!;
  const userId = { owner, stranger, anyone: undefined }[by];
  const actual = on.sessions.revoke(id as SessionId, userId === undefined ? {} : { userId });
  assert.equal(await actual, on.model.revoke(id, "revoked", userId));
}

async function compareList(on: Stage, userId: string): Promise<void> {
  const actual = (await on.sessions.list(userId)).map(viewOf);
  const lastUsedFirst = actual.toSorted((a, b) => b.lastSeenAt - a.lastSeenAt || b.createdAt - a.createdAt);
  assert.deepEqual(actual, lastUsedFirst);
  const byId = (a: { readonly id: string }, b: { readonly id: string }) => (a.id < b.id ? -1 : 1);
  assert.deepEqual(actual.sort(byId), on.model.list(userId).sort(byId));
  assert.ok(actual.length <= on.policy.maxSessions, "There are more sessions than the limit allows");
}

/** Somebody who held a replaced token to the end has been found out. */
export function assertThievesFound(on: Stage): void {
  for (const { jar } of on.holders) {
    if (jar === undefined || !on.witness.isOutdated(jar)) continue;
    assert.ok(
      !on.model.isAlive(idOf(jar)),
      "A replaced token was used after its grace, and its session lives",
    );
  }
}

function next(data: Readonly<Record<string, unknown>> | undefined): number {
  return Number(data?.count ?? 0) + 1;
}

/** So many characters of the alphabet of tokens. */
function randomText(length: number): string {
  return randomBytes(length).toString("base64url").slice(0, length);
}
