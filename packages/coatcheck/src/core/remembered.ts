/** Remembered browsers as the manager and its features ask for them: answered in time, or `StoreUnavailableError`. */
import { ask } from "./ask.ts";
import type { SessionPolicy } from "./policy.ts";
import type { RememberChange, RememberRecord, RememberStore } from "./remember-store.ts";
import { completeRenewal, firstSecret } from "./renewal.ts";
import type { PendingRenewal, SessionStore } from "./store.ts";
import type { SessionId, SessionToken } from "./token.ts";

/**
 * The port of a store with its patience, and under the policy as it is now; undefined if the store remembers no
 * browsers.
 */
export function rememberedBy(store: SessionStore, policy: SessionPolicy): RememberStore | undefined {
  const { remember } = store;
  if (!remember) return undefined;
  const one = async (record: Promise<RememberRecord | undefined>) => {
    const found = await record;
    return found && heldTo(policy, found);
  };
  const all = async (records: Promise<readonly RememberRecord[]>) =>
    (await records).map((record) => heldTo(policy, record));
  return {
    insert: (...args) => ask(store, "remember.insert", () => remember.insert(...args)),
    find: (...args) => one(ask(store, "remember.find", () => remember.find(...args))),
    findBySession: (...args) =>
      one(ask(store, "remember.findBySession", () => remember.findBySession(...args))),
    findByUser: (...args) => all(ask(store, "remember.findByUser", () => remember.findByUser(...args))),
    update: (...args) => ask(store, "remember.update", () => remember.update(...args)),
    delete: (...args) => one(ask(store, "remember.delete", () => remember.delete(...args))),
    deleteBySession: (...args) =>
      one(ask(store, "remember.deleteBySession", () => remember.deleteBySession(...args))),
    deleteByUser: (...args) => all(ask(store, "remember.deleteByUser", () => remember.deleteByUser(...args))),
    deleteExpired: (...args) => ask(store, "remember.deleteExpired", () => remember.deleteExpired(...args)),
  };
}

/** A shorter time holds at once, for `aal2` at none; a longer one only for those who sign in from now on. */
function heldTo({ rememberFor }: SessionPolicy, record: RememberRecord): RememberRecord {
  const expiresAt = Math.min(record.expiresAt, record.createdAt + rememberFor);
  return expiresAt === record.expiresAt ? record : { ...record, expiresAt };
}

/** The token of a remembered browser, for its cookie. */
export interface RememberTicket {
  readonly token: SessionToken;
  /** The browser has to sign in again from this millisecond on. */
  readonly expiresAt: number;
}

/** A browser that may come back without signing in, and has no live session. */
export interface DormantBrowser {
  /** The session that it had last: `revoke` by this id forgets the browser. */
  readonly id: SessionId;
  readonly userId: string;
  readonly createdAt: number;
  readonly lastUsedAt: number;
  readonly rememberedUntil: number;
  /** Who signed in. */
  readonly client: RememberRecord["client"];
}

export function dormantBrowser(record: RememberRecord): DormantBrowser {
  const { sessionId: id, userId, createdAt, lastUsedAt, expiresAt: rememberedUntil, client } = record;
  return { id, userId, createdAt, lastUsedAt, rememberedUntil, client };
}

/**
 * The successor of the browser's token was seen. The secret that began the chain counts as issued: nobody has proved
 * who they are since.
 */
export function completeReturn(
  record: RememberRecord,
  pending: PendingRenewal,
  grace: number,
  now: number,
): RememberChange["secret"] {
  return { ...completeRenewal(record, pending, grace, now), secretIssuedAt: record.secretIssuedAt };
}

/** The record of a browser that is remembered from now on. */
export function newRemembered(
  token: SessionToken,
  session: Pick<RememberRecord, "sessionId" | "userId" | "client">,
  rememberFor: number,
  now: number,
): RememberRecord {
  const { sessionId, userId, client } = session;
  return {
    id: token.id,
    userId,
    ...firstSecret(token, now),
    sessionId,
    createdAt: now,
    lastUsedAt: now,
    expiresAt: now + rememberFor,
    client,
  };
}
