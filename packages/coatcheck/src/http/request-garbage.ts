/** Garbage from the client of one request: looked at only while there is any. */
import type { ClientInfo } from "../core/fingerprint.ts";
import { houseOf, type SessionManager } from "../core/manager.ts";
import type { SessionToken } from "../core/token.ts";
import type { GarbageCount } from "../throttle/garbage.ts";
import { networkOf } from "./client.ts";

/** What is asked of a request. */
interface Asking {
  readonly sessions: SessionManager<unknown>;
  readonly client: ClientInfo;
}

export class RequestGarbage {
  readonly #garbage: GarbageCount;
  readonly #asking: Asking;
  #counted: string | undefined;

  constructor(garbage: GarbageCount, asking: Asking) {
    this.#garbage = garbage;
    this.#asking = asking;
  }

  /** For how many whole seconds the token is not looked up; 0 if it is. Undefined is a token that is none. */
  wait(token: SessionToken | undefined): number {
    const now = this.#asking.sessions.now();
    const network = this.#garbage.isQuiet(now) ? undefined : this.#network;
    if (network === undefined) return 0;
    return Math.ceil(this.#garbage.wait(network, token, now) / 1000);
  }

  /** A token of any kind was never ours. */
  count(): void {
    const { sessions, client } = this.#asking;
    const network = this.#network;
    if (network === undefined) return;
    const at = sessions.now();
    if (!this.#garbage.count(network, at)) return;
    const retryAfter = this.#garbage.wait(network, undefined, at);
    houseOf(sessions).observers.tell({ type: "throttled", by: "tokens", client, retryAfter });
  }

  /** A token opened a session, or was given out for one. */
  vouch(token: SessionToken): void {
    const now = this.#asking.sessions.now();
    const network = this.#garbage.isQuiet(now) ? undefined : this.#network;
    if (network !== undefined) this.#garbage.vouch(network, token, now);
  }

  get #network(): string | undefined {
    const { ip } = this.#asking.client;
    if (ip !== undefined) this.#counted ??= networkOf(ip);
    return this.#counted;
  }
}
