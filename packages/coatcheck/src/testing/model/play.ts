/** Plays a history from its beginning to a settled end. */
import type { SessionStore } from "../../core/store.ts";
import { assertThievesFound, take } from "./deeds.ts";
import { empty } from "./empty.ts";
import { type Fate, type History, users } from "./history.ts";
import { type MakeManager, Stage } from "./stage.ts";

/**
 * Plays a history on a real manager over this store and on the model; throws at the first difference. The store may
 * be used again: nothing is left in it.
 */
export async function play(
  { policy, steps }: History,
  store: SessionStore,
  make?: MakeManager,
): Promise<void> {
  const stage = new Stage(policy, store, make);
  try {
    for (const step of steps) await take(stage, step);
    await conclude(stage);
  } finally {
    await stage.sessions.close();
    await empty(store, stage.now());
  }
}

/** Everybody goes on using what they have until all graces are over: by then thieves have been found out. */
async function conclude(stage: Stage): Promise<void> {
  for (let round = 0; round < 4; round++) {
    await everybodyUses(stage, "arrives");
    await take(stage, { do: "wait", part: 1, of: "grace" });
  }
  await everybodyUses(stage, "lost");
  assertThievesFound(stage);
  for (const user of users.keys()) await take(stage, { do: "list", user });
  await stage.assertSecretsKept();
}

async function everybodyUses(stage: Stage, answer: Fate): Promise<void> {
  for (const who of stage.holders.keys()) await take(stage, { do: "use", who, canRenew: true, answer });
}
