/**
 * A child process that asks a sign-in server for a session, evenly, as its users do, and meanwhile signs in as fast as it is
 * let: each time somebody else, from another address.
 */
import { randomInt } from "node:crypto";
import { answer } from "./child.ts";
import { type Answered, askEvenly, send } from "./even-load.ts";

export interface FloodQuestion {
  readonly port: number;
  readonly milliseconds: number;
  /** How many sign-ins are under way at any time; 0 for quiet. */
  readonly signIns: number;
  /** Who signs in, all with this password. */
  readonly emails: readonly string[];
  readonly password: string;
}

export interface FloodAnswer {
  /** How long the guarded requests took, in milliseconds. */
  readonly guarded: readonly number[];
  /** How long the sign-ins took that succeeded. */
  readonly signIns: readonly number[];
  /** How many were told to come back later. */
  readonly refused: number;
}

const guardedPerSecond = 250;

let people = 0;
let cookie: string | undefined;

answer<FloodQuestion>(async (question): Promise<FloodAnswer> => {
  cookie ??= (await signIn(question)).cookie;
  const end = performance.now() + question.milliseconds;
  const signIns: number[] = [];
  let refused = 0;
  const flood = Array.from({ length: question.signIns }, async () => {
    while (performance.now() < end) {
      const { status, milliseconds } = await signIn(question);
      if (status === 200) signIns.push(milliseconds);
      else refused++;
    }
  });
  const session = { port: question.port, path: "/api/session", browsers: [{ cookie }] };
  const guarded = await askEvenly(session, guardedPerSecond, end);
  await Promise.all(flood);
  return { guarded, signIns, refused };
});

function signIn({ port, emails, password }: FloodQuestion): Promise<Answered> {
  const body = JSON.stringify({ email: emails[people++ % emails.length], password });
  const headers = {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
    "x-forwarded-for": `198.18.${randomInt(256)}.${randomInt(256)}`,
  };
  return send({ port, method: "POST", path: "/api/login", headers }, body);
}
