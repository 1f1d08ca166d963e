/** Who asks the server in a soak, each in their own way, again and again. Each says which answers are meant. */
import { randomBytes, randomInt } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import {
  Browser,
  BusyError,
  cookieSet,
  DroppedError,
  type Message,
  RefusedError,
  type Reply,
} from "./browser.ts";
import { password, type Town } from "./town.ts";

/** One round of somebody. Ends early where `Visit.ask` throws. */
export type Round = (visit: Visit) => Promise<void>;

/** What somebody has at hand. */
export interface Visit {
  readonly town: Town;
  /** The rounds of all who do the same. */
  readonly turn: number;
  /** Sends a request whose answer must have one of these statuses; or be 503, which says when to try again. */
  ask(meant: readonly number[], method: string, path: string, message?: Message): Promise<Reply>;
}

/** How many of a kind there are at once. */
export interface Kind {
  readonly count: number;
  readonly round: Round;
}

const resident: Round = async ({ town: { cookies }, turn, ask }) => {
  await ask([200], "GET", "/api/session", { cookie: session(cookies[turn % cookies.length]) });
};

const reader: Round = async ({ town: { cookies }, turn, ask }) => {
  const cookie = session(cookies[turn % cookies.length]);
  await ask([200], "GET", ["/devices", "/account", "/history"][turn % 3]!, { cookie });
};

/** Guesses passwords, each time from another address. */
const guesser: Round = async ({ town: { emails }, turn, ask }) => {
  const from = `198.18.${randomInt(256)}.${randomInt(256)}`;
  const json = { email: emails[turn % (emails.length / 2)], password: "not the password" };
  await ask([401, 429], "POST", "/api/login", { from, json });
};

/** Signs in, and out again, or ends all their sessions; what was ended opens nothing. Nobody guesses their passwords. */
const comer: Round = async ({ town: { emails }, turn, ask }) => {
  const email = emails[emails.length / 2 + (turn % (emails.length / 2))];
  const from = `10.${randomInt(256)}.${randomInt(256)}.${randomInt(256)}`;
  const reply = await ask([200], "POST", "/api/login", { from, json: { email, password } });
  const cookie = session(cookieSet(reply, "__Host-session"));
  const { csrfToken } = JSON.parse((await ask([200], "GET", "/api/csrf", { from, cookie })).body);
  const headers = { "x-csrf-token": csrfToken };
  if (turn % 2) await ask([200, 204], "POST", "/api/logout", { from, cookie, headers });
  else await ask([200, 204], "DELETE", "/api/sessions", { from, cookie, headers });
  await ask([401], "GET", "/api/session", { from, cookie });
};

/** Invents tickets from a handful of addresses. */
const inventor: Round = async ({ turn, ask }) => {
  const from = `203.0.113.${turn % 8}`;
  const cookie = [
    session(randomBytes(120).toString("base64url")),
    session(`20260101-abcd.${randomBytes(120).toString("base64url")}`),
    `__Host-session=${randomBytes(18).toString("base64url")}; __Host-remember=${randomBytes(90).toString("base64url")}`,
    "__Host-session=; __Host-session=x",
  ][turn % 4];
  await ask([401, 429], "GET", "/api/session", { from, cookie });
};

/** Wants what is not there, or from the wrong place. */
const stray: Round = async ({ turn, ask }) => {
  const from = "203.0.113.99";
  const wanted = [
    () => ask([404], "GET", `/nowhere/${turn}`, { from }),
    () => ask([405], "PUT", "/api/session", { from }),
    () => ask([403], "POST", "/logout", { from, headers: { "sec-fetch-site": "cross-site" } }),
    () => ask([422], "POST", "/api/login", { from, json: { email: 1 } }),
    // Not ready any more, once it was told to stop.
    () => ask([200, 503], "GET", "/readyz", { from }),
  ];
  await wanted[turn % wanted.length]!();
};

/**
 * Comes back as a remembered browser, each time with the cookie of the last time. With a pause: a browser that comes back
 * more than eight times within the grace has to sign in, and of twenty each has its turn every five seconds.
 */
const returning: Round = async ({ town: { remembered }, turn, ask }) => {
  await delay(250);
  const browser = turn % remembered.length;
  const cookie = `__Host-remember=${remembered[browser]}`;
  const reply = await ask([200], "GET", "/api/session", { cookie });
  remembered[browser] = cookieSet(reply, "__Host-remember") ?? remembered[browser]!;
};

/** What other nodes do to the same stores. */
const neighbour: Round = async ({ town, turn }) => {
  await delay(50);
  await town.revokeElsewhere();
  if (turn % 20 === 0) await town.expire(100);
  if (turn % 20 === 10) await town.prune();
};

/** Who comes to a soak. */
export function everybody(): Readonly<Record<string, Kind>> {
  return {
    residents: { count: 8, round: resident },
    readers: { count: 2, round: reader },
    guessers: { count: 6, round: guesser },
    comers: { count: 2, round: comer },
    inventors: { count: 4, round: inventor },
    strays: { count: 1, round: stray },
    returning: { count: 1, round: returning },
    neighbours: { count: 1, round: neighbour },
  };
}

/** All who come, as often as they like, until they are sent away. */
export class Crowd {
  readonly #port: number;
  readonly #town: Town;
  readonly #kinds = everybody();
  readonly #turns = new Map<string, number>();
  #members: Promise<void>[] = [];
  #isOpen = false;
  /** From when on the server may close connections that it keeps alive, by `performance.now()`. */
  closesAt: number = Number.POSITIVE_INFINITY;
  /** How often who was answered what. */
  readonly answers: Map<string, number> = new Map();
  /** Answers that nobody meant. */
  readonly unmeant: string[] = [];
  /** Requests that set out on a connection and were never answered. */
  readonly dropped: string[] = [];
  /** How long residents waited, in milliseconds. */
  readonly waits: number[] = [];

  constructor(port: number, town: Town) {
    this.#port = port;
    this.#town = town;
  }

  /** How many requests were answered. */
  get requests(): number {
    return [...this.answers.values()].reduce((sum, count) => sum + count, 0);
  }

  /** Lets them in. Resolves when each kind has had its first round. */
  async gather(): Promise<void> {
    this.#isOpen = true;
    const first = Object.entries(this.#kinds).flatMap(([name, { count, round }]) =>
      Array.from({ length: count }, () => this.#admit(name, round)),
    );
    await Promise.all(first);
  }

  /** Sends them away. Resolves when each has had its answer. */
  async disperse(): Promise<void> {
    this.#isOpen = false;
    await Promise.all(this.#members.splice(0));
  }

  #admit(name: string, round: Round): Promise<void> {
    const browser = new Browser(this.#port, () => this.closesAt);
    const { promise: first, resolve } = Promise.withResolvers<void>();
    const ask: Visit["ask"] = async (meant, method, path, message) => {
      const reply = await browser.send(method, path, message).catch((error: unknown) => {
        if (error instanceof BusyError) this.#count(name, 503);
        throw error;
      });
      this.#count(name, reply.status);
      if (name === "residents") this.waits.push(reply.milliseconds);
      if (!meant.includes(reply.status))
        throw new UnmeantError(`${name}: ${method} ${path}: ${reply.status} ${reply.body}`);
      return reply;
    };
    const stay = async () => {
      while (this.#isOpen && (await this.#once(name, round, ask))) resolve();
      resolve();
      browser.close();
    };
    this.#members.push(stay());
    return first;
  }

  #count(name: string, status: number): void {
    const key = `${name} ${status}`;
    this.answers.set(key, (this.answers.get(key) ?? 0) + 1);
  }

  /** False if there is nobody there any more. */
  async #once(name: string, round: Round, ask: Visit["ask"]): Promise<boolean> {
    const turn = this.#turns.get(name) ?? 0;
    this.#turns.set(name, turn + 1);
    try {
      await round({ town: this.#town, turn, ask });
      return true;
    } catch (error) {
      if (error instanceof RefusedError) return false;
      if (error instanceof BusyError) return true;
      const list = error instanceof DroppedError ? this.dropped : this.unmeant;
      if (list.length < 100) list.push((error as Error).message.slice(0, 500));
      return true;
    }
  }
}

class UnmeantError extends Error {}

function session(value: string | undefined): string {
  return `__Host-session=${value}`;
}
