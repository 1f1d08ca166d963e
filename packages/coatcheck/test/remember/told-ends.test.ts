/** What is told of ends while sessions and remembered browsers begin and end between each other's steps. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { SessionEvent } from "../../src/core/events.ts";
import { chrome, RememberHouse } from "./house.ts";
import { interrupt, SteppedStore } from "./stepped-store.ts";

type Deed = (at: RememberHouse) => Promise<unknown>;

const hands: Readonly<Record<string, Deed>> = {
  "a sign-in that is remembered": (at) => at.remembered("ada", chrome),
  "the end of one session": async (at) => {
    const [session] = await at.store.findByUser("ada");
    if (session) await at.sessions.revoke(session.id);
  },
  "the end of all sessions": (at) => at.sessions.revokeAll("ada"),
};

describe("each end is told once, and none that there was not, where", () => {
  for (const [slow, deed] of Object.entries(hands)) {
    for (const [quick, interruption] of Object.entries(hands)) {
      test(`${slow} is interrupted by ${quick}, at every single step`, async () => {
        for (let number = 0; ; number++) {
          const store = new SteppedStore();
          const at = new RememberHouse(store, { policy: { maxSessions: 1 } });
          await at.remembered();
          const wasInterrupted = interrupt(store, "after", number, () => interruption(at));
          await deed(at);
          store.after = () => {};
          if (!wasInterrupted()) break;
          await assertToldRightly(at);
        }
      });
    }
  }
});

/** Whatever began and is not there any more was told to have ended, and nothing else. */
async function assertToldRightly(at: RememberHouse): Promise<void> {
  const told = (type: SessionEvent["type"]) =>
    at.events.flatMap((event) =>
      event.type === type && "userId" in event && !("remember" in event) ? [event.sessionId] : [],
    );
  const live = (await at.store.findByUser("ada")).map(({ id }) => id);
  const gone = told("created").filter((id) => !live.includes(id));
  const ended = [...told("revoked"), ...told("evicted"), ...told("replaced")];
  assert.deepEqual(ended.toSorted(), gone.toSorted());
}

test("a live connection stays open while a browser is forgotten whose session is just beginning", async () => {
  const store = new SteppedStore();
  const at = new RememberHouse(store);
  // All sessions end just before the new one is put in, and all browsers just after.
  let signal: AbortSignal | undefined;
  store.after = async (operation) => {
    if (operation !== "deleteByUser") return;
    store.after = () => {};
    await at.remembered();
    const [session] = await at.sessions.list("ada");
    signal = session!.signal;
  };
  await at.sessions.revokeAll("ada");
  assert.deepEqual(
    at.events.map(({ type }) => type),
    ["created", "revoked"],
  );
  assert.equal(signal?.aborted, false);
  await at.sessions.close();
});
