/** A process whose disk is full for a while: `node full-disk.ts <folder of a small disk>`. Prints what it met. */
import assert from "node:assert/strict";
import { closeSync, openSync, rmSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as delay } from "node:timers/promises";
import { StoreUnavailableError } from "../../src/core/errors.ts";
import { SessionManager } from "../../src/core/manager.ts";
import type { SessionToken } from "../../src/core/token.ts";
import { SqliteSessionStore } from "../../src/stores/sqlite.ts";

/** What was answered before, during and after. */
export interface FullDiskReport {
  /** Of the sign-ins on the full disk: how many were accepted, and the codes of the errors of the others. */
  readonly accepted: number;
  readonly refusals: readonly string[];
  /** Whether those who were signed in before still were, while it was full. */
  readonly validMeanwhile: boolean;
  /** What a sign-out said on the full disk. */
  readonly signOut: string;
  /** Whether that session was valid after the disk had room again. */
  readonly signedOutIsValid: boolean;
  /** Of all that were accepted, how many were valid then; and how many sessions there were in all. */
  readonly validAfter: number;
  readonly listed: number;
  /** Whether a sign-in and a sign-out worked again, in the same process. */
  readonly recovered: boolean;
  /** The same of another process that opens the file afterwards, and whether SQLite finds the file sound. */
  readonly validElsewhere: number;
  /** Whether the log was moved into the file again. */
  readonly checkpointed: boolean;
  /** The codes of what was warned of. */
  readonly warnings: readonly string[];
  /** Whether a change worked again after the log itself had filled the disk, while somebody read. */
  readonly logGaveWay: boolean;
}

const [folder] = process.argv.slice(2);
const ballast = join(folder!, "ballast");
const path = join(folder!, "sessions.db");
const data = { note: "x".repeat(8 * 1024) };
const warnings: string[] = [];
process.on("warning", (warning) =>
  warnings.push((warning as Error & { code?: string }).code ?? warning.name),
);

const store = new SqliteSessionStore(path);
const sessions = new SessionManager({ store, warn: () => {} });
const accepted: SessionToken[] = [];
for (let n = 0; n < 3; n++) accepted.push((await sessions.create("ada", { data })).token);
// What comes now finds the log empty, and is not moved from there before the disk is full.
await until(() => statSync(path).size > 4 * data.note.length);
const { token: leaving } = await sessions.create("ada", { data });
fill();
const refusals: string[] = [];
let acceptedMeanwhile = 0;
for (let n = 0; n < 60; n++) {
  try {
    accepted.push((await sessions.create("ada", { data })).token);
    acceptedMeanwhile++;
  } catch (error) {
    refusals.push(codeOf(error));
  }
}
const validMeanwhile = (await valid(sessions, accepted.slice(0, 3))) === 3;
const signOut = await sessions.revoke(leaving.id).then(String, codeOf);
// The thread that checkpoints meets the full disk as well.
await until(() => warnings.length > 0);

const { size } = statSync(path);
rmSync(ballast);
const signedOutIsValid = (await sessions.validate(leaving)).ok;
const validAfter = await valid(sessions, accepted);
const listed = (await sessions.list("ada")).length;
const recovered = await signInAndOut(sessions);
const checkpointed = await until(() => statSync(path).size > size);
const told = [...warnings];
const logGaveWay = await fillByLog();
await sessions.close();
await store.close();

const again = new SqliteSessionStore(path);
const elsewhere = new SessionManager({ store: again, warn: () => {} });
const validElsewhere = await valid(elsewhere, accepted);
await elsewhere.close();
await again.close();

const report: FullDiskReport = {
  accepted: acceptedMeanwhile,
  refusals,
  validMeanwhile,
  signOut,
  signedOutIsValid,
  validAfter,
  listed,
  recovered,
  validElsewhere,
  checkpointed,
  warnings: told,
  logGaveWay,
};
console.log(JSON.stringify({ ...report, expected: accepted.length }));

/** Whether it happens within ten seconds: what another thread does. */
async function until(condition: () => boolean): Promise<boolean> {
  for (let waited = 0; waited < 10_000 && !condition(); waited += 50) await delay(50);
  return condition();
}

/** Changes one session again and again: the file does not grow, and the log cannot begin anew before the reader has done. */
async function fillByLog(): Promise<boolean> {
  const [token] = accepted;
  const change = () => sessions.update(token!.id, { note: "y".repeat(8 * 1024) }).then(() => true, codeOf);
  const reader = new DatabaseSync(path);
  reader.exec("BEGIN; SELECT count(*) FROM coatcheck_sessions");
  let answer = await change();
  while (answer === true) answer = await change();
  // Until the checkpoint that the last commit asked for is over: nothing tells of it.
  for (let n = 0; n < 20; n++, await delay(50)) assert.notEqual(await change(), true);
  reader.close();
  for (let waited = 0; waited < 10_000 && answer !== true; waited += 50) {
    await delay(50);
    answer = await change();
  }
  return answer === true;
}

/** Until not a byte more fits. */
function fill(): void {
  const file = openSync(ballast, "w");
  for (let size = 64 * 1024; size >= 1; size /= 2) {
    try {
      for (;;) if (writeSync(file, Buffer.alloc(size)) < size) break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
    }
  }
  closeSync(file);
}

async function valid(sessions: SessionManager, tokens: readonly SessionToken[]): Promise<number> {
  const validations = await Promise.all(tokens.map((token) => sessions.validate(token)));
  return validations.filter(({ ok }) => ok).length;
}

async function signInAndOut(sessions: SessionManager): Promise<boolean> {
  const { token } = await sessions.create("ada", { data });
  const { ok } = await sessions.validate(token);
  return ok && (await sessions.revoke(token.id)) && !(await sessions.validate(token)).ok;
}

function codeOf(error: unknown): string {
  return error instanceof StoreUnavailableError ? error.code : String(error);
}
