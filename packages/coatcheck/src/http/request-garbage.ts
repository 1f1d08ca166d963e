/** Tokens from the client of one request that were never ours: looked at only while there are any. */
import type { Rejection } from "../core/judge.ts";
import type { SessionToken } from "../core/token.ts";
import type { Exchange } from "./exchange.ts";

/** For how many whole seconds the token is not looked up; 0 if it is. Undefined is a token that is none. */
export function waitForLookup(exchange: Exchange, token: SessionToken | undefined): number {
  const { now } = exchange;
  const { garbage } = exchange.settings;
  if (token && areSealed(exchange)) return 0;
  const network = garbage.isQuiet(now) ? undefined : exchange.network;
  return network === undefined ? 0 : Math.ceil(garbage.wait(network, token, now) / 1000);
}

/** A token of any kind was never ours. */
export function countGarbage(exchange: Exchange): void {
  const { network, now, client } = exchange;
  const { garbage } = exchange.settings;
  if (network === undefined || !garbage.count(network, now)) return;
  const retryAfter = garbage.wait(network, undefined, now);
  exchange.house.observers.tell({ type: "throttled", by: "tokens", client, retryAfter });
}

/** A token opened a session, or was given out for one. */
export function vouchFor(exchange: Exchange, token: SessionToken): void {
  const { now } = exchange;
  const { garbage } = exchange.settings;
  if (areSealed(exchange)) return;
  const network = garbage.isQuiet(now) ? undefined : exchange.network;
  if (network !== undefined) garbage.vouch(network, token, now);
}

/** A token that came out of a seal of ours was not invented: there is nothing to vouch for. */
function areSealed({ settings }: Exchange): boolean {
  return settings.ticketKeys !== undefined;
}

/** A guess, or something else's cookie. What was ours and is dead is none. */
export function wasNeverOurs({ reason }: Rejection): boolean {
  return reason === "unknown" || reason === "malformed" || reason === "unopened";
}
