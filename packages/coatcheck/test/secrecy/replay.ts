/** Who has a copy of a store tries everything in it as a cookie. */
import assert from "node:assert/strict";
import { type SessionId, SessionToken } from "../../src/core/token.ts";
import type { Run } from "./run.ts";

/** Cookies that carry a ticket. */
type TicketName = "session" | "remember";

const victim = "olivia";

/**
 * Returns how many cookies and tokens were tried.
 * @throws AssertionError if anybody is signed in by one, or the victim is signed out.
 */
export async function replay(run: Run): Promise<number> {
  await run.visitor("plain").post((auth) => auth.login(victim, { remember: true }));
  await run.audit.flush();
  const { rows } = await run.ground.dump();
  // A ticket has 92 characters, and no half of it fewer than 22.
  const values = new Set(rows.flat().filter((value) => /^[\x21-\x7e]{22,}$/.test(value)));
  const [session] = await run.sessions.list(victim);
  const [browser] = await run.ground.store.remember!.findByUser(victim);
  const ids = [session!.id, browser!.id];
  assert.ok(values.has(session!.id) && values.has(browser!.id), "The copy has them");
  let attempts = 0;
  run.isListening = false;
  for (const value of values) {
    attempts += await asCookies(run, value, "session", "remember");
    attempts += await asCookies(run, `${session!.id}.${value}`, "session");
    attempts += await asCookies(run, `${browser!.id}.${value}`, "remember");
  }
  for (const id of ids) attempts += await asTokens(run, id, rows.filter((row) => row.includes(id)).flat());
  run.isListening = true;
  assert.equal((await run.sessions.list(victim)).length, 1);
  assert.equal((await run.ground.store.remember!.findByUser(victim)).length, 1);
  return attempts;
}

/**
 * As it is, and sealed, as if the keys were known as well. Each comes from somewhere else: who guesses too often is not
 * answered.
 */
async function asCookies(run: Run, value: string, ...names: readonly TicketName[]): Promise<number> {
  const sealed = names.map((name): [TicketName, string] => {
    return [name, run.keys.seal(name, `__Host-${name}`, value, run.clock.now() + 60_000)];
  });
  const tried = [
    ...names.map((name) => ["plain", name, value] as const),
    ...names.map((name) => ["sealed", name, value] as const),
    ...sealed.map(([name, envelope]) => ["sealed", name, envelope] as const),
  ];
  for (const [kind, name, cookie] of tried) {
    const visitor = run.visitor(kind);
    const response = await visitor.get((auth) => auth.session(), { cookie: `__Host-${name}=${cookie}` });
    assert.equal(await response.text(), "null", "Somebody was signed in");
    assert.deepEqual(response.headers.getSetCookie(), []);
  }
  return tried.length;
}

/** What stands beside the id, put together in every way that has the form of a token. */
async function asTokens({ sessions }: Run, id: SessionId, values: readonly string[]): Promise<number> {
  const parts = [...new Set(values.filter((value) => /^[\w-]{22,}$/.test(value)))];
  const tokens = parts
    .flatMap((family) => parts.map((secret) => `${id}.${family.slice(0, 22)}.${secret.slice(0, 43)}`))
    .map((guess) => SessionToken.parse(guess))
    .filter((token) => token !== undefined);
  assert.ok(tokens.length > 0);
  for (const token of tokens) assert.equal((await sessions.validate(token)).ok, false);
  return tokens.length;
}
