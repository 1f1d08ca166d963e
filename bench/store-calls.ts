/** How often a store is asked: counted, not timed, so that it is the same on every machine. */
import { SessionManager, type SessionStore } from "coatcheck";
import { coatcheck, requireSession } from "coatcheck/hono";
import { MemorySessionStore } from "coatcheck/memory";
import { Hono } from "hono";

export interface StoreCalls {
  readonly finds: number;
  readonly writes: number;
}

const minute = 60_000;
const requests = 1_000;

/** A thousand requests that carry a session, to a route that does not ask for it. */
export async function callsOfIgnoredSession(): Promise<StoreCalls> {
  const { ask, calls } = await wardrobe();
  for (let n = 0; n < requests; n++) await ask("/public");
  return calls();
}

/** A thousand requests with one session within its `touchInterval`. */
export async function callsWithinTouchInterval(): Promise<StoreCalls> {
  const { ask, calls } = await wardrobe();
  for (let n = 0; n < requests; n++) await ask("/private");
  return calls();
}

/** A thousand requests with one session, evenly over ten times its `touchInterval` of a minute. */
export async function callsOverTenTouchIntervals(): Promise<StoreCalls> {
  const { ask, calls, pass } = await wardrobe();
  for (let n = 0; n < requests; n++) {
    pass((10 * minute) / requests);
    await ask("/private");
  }
  return calls();
}

/** A thousand requests with one session at the same time, when its last use is a `touchInterval` ago. */
export async function callsAtOnce(): Promise<StoreCalls> {
  const { ask, calls, pass } = await wardrobe();
  pass(minute);
  await Promise.all(Array.from({ length: requests }, () => ask("/private")));
  return calls();
}

/** An application with one signed-in browser, a clock of its own and a store that counts. */
async function wardrobe() {
  let now = Date.UTC(2030, 0, 1);
  const { store, calls, reset } = counting(new MemorySessionStore());
  const sessions = new SessionManager({ store, now: () => now, policy: { touchInterval: minute } });
  const { token } = await sessions.create("user-1");
  reset();
  const app = new Hono()
    .use(coatcheck(sessions))
    .get("/public", (c) => c.text("for everybody"))
    .get("/private", requireSession(sessions), (c) => c.text(c.var.session.userId));
  const headers = { Cookie: `__Host-session=${token.reveal()}` };
  return {
    calls,
    pass: (milliseconds: number) => {
      now += milliseconds;
    },
    async ask(path: string): Promise<void> {
      const { status } = await app.request(path, { headers });
      if (status !== 200) throw new Error(`${path} answered ${status}`);
    },
  };
}

function counting(store: SessionStore) {
  let count: Record<string, number> = {};
  const counted = new Proxy(store, {
    get(target, name: keyof SessionStore) {
      // A database has nothing at hand.
      if (name === "recent") return undefined;
      const member = target[name];
      if (typeof member !== "function") return member;
      return (...args: never[]) => {
        count[name] = (count[name] ?? 0) + 1;
        return (member as (...args: never[]) => unknown).apply(target, args);
      };
    },
  });
  const calls = (): StoreCalls => {
    const { find = 0, ...others } = count;
    return { finds: find, writes: Object.values(others).reduce((sum, number) => sum + number, 0) };
  };
  const reset = () => {
    count = {};
  };
  return { store: counted, calls, reset };
}
