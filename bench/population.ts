/** The people whose sessions fill a store: ten thousand, each on a browser of their own. */
import { type CreatedSession, SessionManager, type SessionStore, type SignInRequest } from "coatcheck";

type Data = Record<string, unknown>;

export const populationSize = 10_000;

/** A store may answer many sign-ins sooner than one after another. */
const atOnce = 100;

/**
 * Its clock stands still: nobody's use is due to be noted, however long the run takes. How many such writes there are is
 * counted elsewhere.
 */
export function sessionsIn(store: SessionStore): SessionManager {
  const start = Date.now();
  return new SessionManager({ store, now: () => start });
}

/** Signs everybody in; `keep` says what of each sign-in stays in memory. */
export async function signInEverybody<T>(
  sessions: SessionManager,
  keep: (created: CreatedSession<Data>) => T,
): Promise<T[]> {
  const kept: T[] = [];
  for (let first = 0; first < populationSize; first += atOnce) {
    const numbers = Array.from({ length: atOnce }, (_, at) => first + at);
    const created = await Promise.all(numbers.map((n) => sessions.create(userId(n), signIn(n))));
    kept.push(...created.map(keep));
  }
  return kept;
}

export function userId(number: number): string {
  return whole(`user-${number}`);
}

/** What people who sign in over HTTP have in their sessions. */
export const signInData: Data = { theme: "dark", visits: 7 };

/** What a browser says about itself, and a little data. */
export function signIn(number: number): SignInRequest<Data> {
  const chrome = `${120 + (number % 20)}.0.${number % 7919}.${number % 251}`;
  return {
    client: {
      ip: whole(`192.0.2.${number % 256}`),
      userAgent: whole(
        `Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${chrome} Safari/537.36`,
      ),
      language: whole("en-GB,en;q=0.9"),
    },
    data: { theme: "dark", visits: number },
  };
}

/** As text comes from a socket: a string of its own, which shares nothing with others. */
export function whole(text: string): string {
  return Buffer.from(text).toString();
}
