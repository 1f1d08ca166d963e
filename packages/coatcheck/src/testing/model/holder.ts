/** A cookie jar and the network between it and the server: requests and answers that are late, or lost. */
import type { Fate } from "./history.ts";

interface Message {
  readonly token: string;
  readonly sentAt: number;
  /** Losing it leaves its holder with a token that will be taken for stolen. */
  readonly vital: boolean;
}

/**
 * Whoever holds a cookie: a browser, or a thief.
 *
 * Answers with cookies arrive in the order in which they were given. One that overtakes another makes the other void;
 * that is what a browser sees unless a network of several connections reorders answers.
 */
export class Holder {
  readonly client: number;
  /** The token in the cookie. */
  jar: string | undefined;
  /** What the cookie was before, and when it changed: requests of other tabs may still be on their way with it. */
  #before: { readonly token: string; readonly until: number } | undefined;
  #requests: Message[] = [];
  #answers: Message[] = [];

  constructor(client: number, jar?: string) {
    this.client = client;
    this.jar = jar;
  }

  send(time: number): void {
    if (this.jar !== undefined) this.#requests.push({ token: this.jar, sentAt: time, vital: false });
  }

  /** The token of the oldest request that is on its way. */
  arriving(): string | undefined {
    return this.#requests.shift()?.token;
  }

  /** Gives an answer with a cookie its fate; returns the vital tokens that were lost by it. */
  answer(token: string, fate: Fate, time: number, vital = false): string[] {
    const message = { token, sentAt: time, vital };
    if (fate === "lost") return vitalOf([message]);
    if (fate === "late") {
      this.#answers.push(message);
      return [];
    }
    const overtaken = this.#answers;
    this.#answers = [];
    this.#keep(token, time);
    return vitalOf(overtaken);
  }

  /** The oldest answer on its way arrives. */
  deliver(time: number): void {
    const answer = this.#answers.shift();
    if (answer) this.#keep(answer.token, time);
  }

  /** The token of a request that another tab sent just before the cookie changed; none if that was before `time`. */
  late(time: number): string | undefined {
    return this.#before && this.#before.until > time ? this.#before.token : undefined;
  }

  /** Drops what was sent at `time` or before; returns the vital tokens that were lost by it. */
  forget(time: number): string[] {
    const isFresh = ({ sentAt }: Message) => sentAt > time;
    this.#requests = this.#requests.filter(isFresh);
    const lost = this.#answers.filter((answer) => !isFresh(answer));
    this.#answers = this.#answers.filter(isFresh);
    return vitalOf(lost);
  }

  #keep(token: string, time: number): void {
    if (this.jar !== undefined) this.#before = { token: this.jar, until: time };
    this.jar = token;
  }
}

function vitalOf(messages: readonly Message[]): string[] {
  return messages.filter(({ vital }) => vital).map(({ token }) => token);
}
