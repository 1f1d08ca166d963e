/** An application whose sessions are measured: its routes in the words of its framework, ours and the peers' alike. */
import type { CallCounter } from "./call-counter.ts";

export interface Application<App, Handler, Guard = Handler> {
  /** Puts what the library demands before all routes. */
  readonly install?: (app: App) => unknown;
  /** Puts what it demands behind them. */
  readonly finish?: (app: App) => unknown;
  /** What lets only those pass who are signed in, where the library has such a thing; others get 401 from `me`. */
  readonly guard?: Guard | undefined;
  /** `GET /`, the measured route: `{ "userId": … }`. */
  readonly me: Handler;
  /** `POST /sign-in`: as the user whom the header `X-User` names, with `signInData`. */
  readonly signIn: Handler;
  /** `POST /slow`: reads the session, waits at the gate, then writes to the session. */
  readonly slow: Handler;
  /** `POST /sign-out`. */
  readonly signOut: Handler;
  /** `POST /sign-out-everywhere`: ends all sessions of the user, where the library can do that. */
  readonly signOutEverywhere?: Handler;
}

/** On a free port of the loopback interface. */
export interface Serving extends AsyncDisposable {
  readonly port: number;
}

/** An application before it is served. */
export interface Opened {
  serve(): Promise<Serving>;
  /** How often its store is asked; undefined where there is none. */
  readonly calls?: CallCounter;
  /** How many bytes the store takes now; undefined where sessions are in the heap. */
  readonly size?: () => number | Promise<number>;
  /** Makes the accounts of so many people, where sessions demand accounts. */
  readonly register?: (people: number) => Promise<void>;
}
