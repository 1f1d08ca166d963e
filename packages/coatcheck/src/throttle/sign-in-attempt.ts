/** An attempt to sign in: counted before the credentials are checked, and taken back when they were right. */
import { hash } from "node:crypto";
import type { ThrottleStore } from "../core/throttle-store.ts";
import type { ThrottleRules } from "./rules.ts";

/** Who makes an attempt. */
export interface Attempting {
  /** `accountDigest` of what was submitted. */
  readonly account: string;
  /** What is counted by address; undefined where there is none, as on a Unix socket. */
  readonly network: string | undefined;
  /** The secret name of this browser for this account, if the account has signed in there before. */
  readonly device: string | undefined;
}

export type AttemptOutcome =
  | { readonly allowed: true; readonly attempt: SignInAttempt }
  /** `retryAfter` is in milliseconds. */
  | { readonly allowed: false; readonly by: "account" | "client"; readonly retryAfter: number };

/** An attempt that may be made. It has failed unless it is said to have succeeded. */
export class SignInAttempt {
  readonly account: string;
  readonly #store: ThrottleStore;
  readonly #countedBy: string | undefined;

  /** @param countedBy the key of the device or the address that it was counted by. */
  constructor(store: ThrottleStore, account: string, countedBy: string | undefined) {
    this.#store = store;
    this.account = account;
    this.#countedBy = countedBy;
  }

  /**
   * The credentials were right: the account's failures are forgotten. Those of the address are not, but for this one:
   * an attacker would sign in to an account of their own in between. Nor are those of the device: it gets a new name,
   * and who has copied the old one no further guesses.
   */
  async succeeded(): Promise<void> {
    await Promise.all([
      this.#store.reset(accountKey(this.account)),
      this.#countedBy && this.#store.refund(this.#countedBy),
    ]);
  }
}

/**
 * Counts an attempt. A known device has a budget of its own, so that nobody else's failures lock its owner out; when it
 * is used up, the device counts as any other browser. Of the others the address is asked first: who is refused by it
 * cannot lock anybody's account.
 */
export async function beginAttempt(
  store: ThrottleStore,
  rules: ThrottleRules,
  { account, network, device }: Attempting,
  now: number,
): Promise<AttemptOutcome> {
  let deviceWait = Number.POSITIVE_INFINITY;
  if (device !== undefined) {
    const deviceKey = keyFor("device", device);
    const known = await store.attempt(deviceKey, rules.device, now);
    if (known.allowed) return { allowed: true, attempt: new SignInAttempt(store, account, deviceKey) };
    deviceWait = known.retryAfter;
  }
  const refused = (by: "account" | "client", wait: number): AttemptOutcome => ({
    allowed: false,
    by,
    retryAfter: Math.min(wait, deviceWait),
  });
  const clientKey = network === undefined ? undefined : clientKeyAt(network, rules, now);
  const client = clientKey && (await store.attempt(clientKey, rules.client, now));
  if (client && !client.allowed) return refused("client", client.retryAfter);
  const answer = await store.attempt(accountKey(account), rules.account, now);
  if (!answer.allowed) return refused("account", answer.retryAfter);
  return { allowed: true, attempt: new SignInAttempt(store, account, clientKey) };
}

/**
 * What an account is counted by. As it was submitted, so that the answer does not tell whether it exists; folded, so
 * that another spelling of it buys no further guesses. A digest, because people type their password into this field.
 */
export function accountDigest(submitted: string): string {
  if (typeof submitted !== "string")
    throw new TypeError("attempt needs the account that was submitted, as text");
  return digest(submitted.normalize("NFKC").trim().toLowerCase());
}

/** The key of an account, for `ThrottleStore`. */
export function accountKey(account: string): string {
  return `account:${account}`;
}

/**
 * An address is counted anew in each period. Its attempts never pause where many share it, so that a counter which is
 * forgotten after a pause would only grow, by one mistyped password an hour.
 */
function clientKeyAt(network: string, { client }: ThrottleRules, now: number): string {
  return keyFor("client", `${network} ${Math.floor(now / client.forgetAfter)}`);
}

function keyFor(what: "client" | "device", text: string): string {
  return `${what}:${digest(text)}`;
}

function digest(text: string): string {
  return hash("sha256", text, "base64url");
}
