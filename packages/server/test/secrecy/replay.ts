/** Who has a copy of the database tries everything in it: as a cookie, with an id before it, sealed, and as a code. */
import assert from "node:assert/strict";
import type { Dump } from "../../../../test/secrecy/dump.ts";
import { ada, type Stage } from "./flows.ts";

/**
 * Returns how many attempts there were.
 * @throws AssertionError if anybody is signed in by one, or the victim is signed out.
 */
export async function replay({ visitor, witness, origin }: Stage, { rows }: Dump): Promise<number> {
  const victim = visitor();
  await victim.signIn(ada, true);
  const id = await victim.sessionId();
  const values = new Set(rows.flat().filter((value) => /^[\x21-\x7e]{22,}$/.test(value)));
  let attempts = 0;
  const sealed = (ticket: string) => (role: "session" | "remember") =>
    witness.keys.seal(role, `__Host-${role}`, ticket, witness.now + 60_000);
  // As both cookies at once: either would be enough.
  const tries = [...values].flatMap((value) =>
    [() => value, sealed(value), sealed(`${id}.${value}`)].map((as) =>
      (["session", "remember"] as const).map((role) => `__Host-${role}=${as(role)}`).join("; "),
    ),
  );
  // Four at a time, each from an address of its own: who guesses too often is not answered.
  const work = async () => {
    for (let cookie = tries.pop(); cookie !== undefined; cookie = tries.pop()) {
      const address = `10.2.${++attempts >> 8}.${attempts & 255}`;
      const headers = { cookie, "x-forwarded-for": address };
      const response = await fetch(`${origin}/api/session`, { headers });
      assert.equal(response.status, 401, await response.text());
      assert.deepEqual(response.headers.getSetCookie(), []);
    }
  };
  await Promise.all([1, 2, 3, 4].map(work));
  const hashes = [...values].filter((value) => /^[\w-]{43}$/.test(value));
  for (const code of hashes.slice(0, 20)) {
    const reset = await visitor().submit("/reset", { code, password: "a password of the thief" });
    assert.equal(reset.status, 422);
    assert.equal((await visitor().submit("/end-session", { code })).status, 410);
    attempts += 2;
  }
  assert.equal(await victim.isSignedIn(), true);
  return attempts;
}
