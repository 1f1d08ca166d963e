/** How sessions begin: at a sign-in, or when a remembered browser comes back. */
import { forgetWith, revoke } from "./ends.ts";
import { SignInRefusedError } from "./errors.ts";
import type { ClientInfo } from "./fingerprint.ts";
import type { House } from "./house.ts";
import { maximumFor } from "./policy.ts";
import { maximumAttempts, tooManyRaces } from "./race.ts";
import type { RememberRecord } from "./remember-store.ts";
import { newRemembered, type RememberTicket } from "./remembered.ts";
import type { Session } from "./session.ts";
import { type CreatedSession, newRecord, type SignInRequest, unseen } from "./sign-in.ts";
import type { InsertResult, SessionLimit, SessionRecord } from "./store.ts";
import { type SessionId, SessionToken } from "./token.ts";

/** A session for a user who has just proved who they are. */
export async function signIn<D>(
  house: House<D>,
  userId: string,
  options: SignInRequest<D>,
): Promise<CreatedSession<D>> {
  const { client = {}, replacing, stillValid } = options;
  if (replacing?.userId === userId) await forgetWith(house, replacing.id, "replaced");
  const { record, token, remember } = await insertNew(house, userId, options);
  house.observers.tellOf(record, { type: "created", client, amr: record.amr });
  if (replacing && replacing.userId !== userId) await revoke(house, replacing.id, "replaced");
  if (stillValid) await confirm(house, record.id, stillValid);
  return { session: house.session(record), token, ...(remember && { remember }) };
}

/**
 * Begins the session that a remembered browser names, unless it has begun already. Nobody has been sent its token yet,
 * and so it is the successor of a renewal that never was: when it is first presented, the renewal of the browser's own
 * token is completed with it. Data starts empty. `duplicate` if it has begun, `limit` if it would exceed the user's
 * limit and the policy is to refuse.
 */
export async function beginRemembered<D>(
  house: House<D>,
  browser: RememberRecord,
  token: SessionToken,
  client: ClientInfo,
): Promise<Session<D> | "duplicate" | "limit"> {
  const { userId, secretIssuedAt: authenticatedAt, formerSessionId } = browser;
  const { data, policy } = house;
  const amr = ["remember"];
  const begun = { amr, client, data: data.start().text, dataVersion: data.version };
  const fresh = newRecord(policy, userId, token, begun, house.now());
  const record = { ...unseen(fresh, token, client), authenticatedAt };
  const result = await insert(house, record, formerSessionId);
  if (!result.inserted) return result.because;
  house.observers.tellOf(record, { type: "created", client, amr });
  return house.session(record);
}

interface NewSession {
  readonly record: SessionRecord;
  readonly token: SessionToken;
  readonly remember: RememberTicket | undefined;
}

async function insertNew<D>(house: House<D>, userId: string, options: SignInRequest<D>): Promise<NewSession> {
  const { client = {}, amr = ["pwd"], replacing } = options;
  const { text: data, dropped } = house.data.start(options.data, options.carried);
  if (dropped.length > 0) house.warn(`What was carried over does not fit the data: ${dropped.join(", ")}`);
  const signedIn = { amr, client, data, dataVersion: house.data.version };
  const replaced = replacing?.userId === userId ? replacing.id : undefined;
  for (let attempt = 0; attempt < maximumAttempts; attempt++) {
    const token = SessionToken.generate(userId);
    const record = newRecord(house.policy, userId, token, signedIn, house.now());
    const remember = options.remember ? await rememberBrowser(house, record) : undefined;
    if (options.remember && !remember) continue;
    let inserted = false;
    try {
      const result = await insert(house, record, replaced);
      inserted = result.inserted;
      if (result.inserted) return { record, token, remember };
      if (result.because === "limit") throw new SignInRefusedError("session-limit");
    } finally {
      if (remember && !inserted) await house.remembered?.delete(remember.token.id);
    }
  }
  throw tooManyRaces("insert", "Every new session id was taken");
}

/**
 * Remembers the browser before its session is there: who ends the session then finds the browser to forget.
 * Undefined if the new ids were taken.
 */
async function rememberBrowser(
  { policy, remembered }: House,
  { id: sessionId, userId, client, createdAt }: SessionRecord,
): Promise<RememberTicket | undefined> {
  const token = SessionToken.generate(userId);
  const browser = newRemembered(token, { sessionId, userId, client }, policy.rememberFor, createdAt);
  const inserted = await remembered?.insert(browser, createdAt);
  return inserted ? { token, expiresAt: browser.expiresAt } : undefined;
}

/** Puts a session in under the user's limit. Whoever is evicted for it is forgotten: signed out means out. */
async function insert(
  house: House,
  record: SessionRecord,
  replaced: SessionId | undefined,
): Promise<InsertResult> {
  const limit: SessionLimit = {
    maximum: await maximumFor(house.policy, record.userId),
    exceeded: house.policy.onLimit,
    ...(replaced && { replacing: replaced }),
  };
  const now = await house.storeClock.earliest();
  const result = await house.store.insert(record, now, limit);
  if (!result.inserted) return result;
  for (const ended of result.ended) house.observers.tellEnd(ended);
  for (const { record: ended, reason } of result.ended) {
    if (reason === "evicted") await forgetWith(house, ended.id, reason);
  }
  return result;
}

/** Asked after the insert, so that of a sign-in and a credential change at least one sees the other. */
async function confirm(
  house: House,
  id: SessionId,
  stillValid: () => boolean | Promise<boolean>,
): Promise<void> {
  let valid = false;
  try {
    valid = await stillValid();
  } finally {
    if (!valid) await revoke(house, id, "account-changed");
  }
  if (!valid) throw new SignInRefusedError("sign-in-outdated");
}
