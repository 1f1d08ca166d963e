/** The attempt to sign in that a request makes, and the browser that it makes it in. */
import { counting } from "../throttle/open-account.ts";
import { accountDigest, beginAttempt, type SignInAttempt } from "../throttle/sign-in-attempt.ts";
import { DeviceCookie, deviceLifetime } from "./device-cookie.ts";
import type { Exchange } from "./exchange.ts";
import { type Problem, tooManyAttempts } from "./problem.ts";

export class CountedSignIn {
  readonly #exchange: Exchange;
  #attempt: SignInAttempt | undefined;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  /** @throws TypeError if the store counts no attempts, or `account` is no text. */
  async attempt(account: string): Promise<Problem | undefined> {
    const { house, settings, network, client, now } = this.#exchange;
    const store = counting(house.attempts);
    const digest = accountDigest(account);
    const attempting = { account: digest, network, device: this.#deviceOf(digest) };
    const outcome = await beginAttempt(store, settings.throttle, attempting, now);
    if (outcome.allowed) {
      this.#attempt = outcome.attempt;
      return undefined;
    }
    const { by, retryAfter } = outcome;
    house.observers.tell({ type: "throttled", by, client, retryAfter });
    return tooManyAttempts(Math.ceil(retryAfter / 1000));
  }

  /** Whether this account has signed in in this browser before. */
  isKnownDevice(account: string): boolean {
    return this.#deviceOf(accountDigest(account)) !== undefined;
  }

  /** What cannot be taken back stays counted: too much is better than too little, and the sign-in itself went well. */
  async succeeded(): Promise<void> {
    const attempt = this.#attempt;
    if (!attempt) return;
    this.#attempt = undefined;
    await attempt
      .succeeded()
      .catch((cause) =>
        this.#exchange.house.warn("The failures of an account could not be forgotten", cause),
      );
    this.#sendDevice(attempt.account);
  }

  #deviceOf(account: string): string | undefined {
    const { cookie, now } = this.#exchange;
    return this.#device?.deviceOf(account, cookie, now);
  }

  #sendDevice(account: string): void {
    const { cookie, now } = this.#exchange;
    const device = this.#device;
    if (!device) return;
    this.#exchange.set(device.settings, device.valueAfter(account, cookie, now), deviceLifetime / 1000);
  }

  /** Undefined without keys: no browser is known then. */
  get #device(): DeviceCookie | undefined {
    const { keys } = this.#exchange.settings;
    return keys && new DeviceCookie(this.#exchange.companionCookie("device"), keys);
  }
}
