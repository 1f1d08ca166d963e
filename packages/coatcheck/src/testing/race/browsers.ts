/** The people of a race and their browsers: what cookies they have, and which they had. */
import { households } from "./plan.ts";

/** A user account, as the application's own database has it. */
export interface User {
  readonly name: string;
  /** Advances whenever the credentials change. */
  credentials: number;
}

export interface RaceBrowser {
  readonly user: User;
  session: string | undefined;
  token: string | undefined;
  remember: string | undefined;
  /** Tokens that it had, the last one first. */
  former: string[];
}

const remembered = 6;

/** The browsers of users whom no other race knows. */
export function browsersOf(race: string): RaceBrowser[] {
  return households.flatMap(({ suffix, browsers }) => {
    const user = { name: `${race}-${suffix}`, credentials: 0 };
    return Array.from({ length: browsers }, () => newBrowser(user));
  });
}

function newBrowser(user: User): RaceBrowser {
  return { user, session: undefined, token: undefined, remember: undefined, former: [] };
}

/** Whether it still sends this cookie. */
export function has({ token, remember }: RaceBrowser, cookie: string): boolean {
  return [token, remember].includes(cookie);
}

/** An answer arrives with a cookie. */
export function take(browser: RaceBrowser, session: string, token: string): void {
  leave(browser);
  browser.session = session;
  browser.token = token;
}

/** The cookie of the session is gone; somebody still has it. */
export function leave(browser: RaceBrowser): void {
  if (browser.token !== undefined) browser.former = [browser.token, ...browser.former].slice(0, remembered);
  browser.session = undefined;
  browser.token = undefined;
}

/** A successor arrives; an answer that is older than what the browser has by now changes nothing. */
export function renewed(browser: RaceBrowser, presented: string, successor: string): void {
  if (!has(browser, presented) || browser.session === undefined) return;
  take(browser, browser.session, successor);
}
