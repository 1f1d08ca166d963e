/**
 * A child process that asks a sign-in server for a session, evenly, as its users do, and meanwhile signs in as fast as it is
 * let: each time somebody else, from another address.
 */
import { randomInt } from "node:crypto";
import { Agent, request } from "node:http";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { answer } from "./child.ts";

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

/** Guarded requests are sent so often, in milliseconds, whether or not the earlier ones were answered. */
const interval = 4;

const agent = new Agent({ keepAlive: true });
let people = 0;
let cookie: string | undefined;

answer<FloodQuestion>(async (question): Promise<FloodAnswer> => {
  cookie ??= (await signIn(question)).cookie;
  let refused = 0;
  const end = performance.now() + question.milliseconds;
  const signIns: number[] = [];
  const flood = Array.from({ length: question.signIns }, async () => {
    while (performance.now() < end) {
      const { status, milliseconds } = await signIn(question);
      if (status === 200) signIns.push(milliseconds);
      else refused++;
    }
  });
  const guarded = await askEvenly(question.port, end);
  await Promise.all(flood);
  return { guarded, signIns, refused };
});

async function askEvenly(port: number, end: number): Promise<number[]> {
  const asked: ReturnType<typeof send>[] = [];
  const headers = { cookie: cookie! };
  for (let next = performance.now(); next < end; next += interval) {
    await delay(Math.max(0, next - performance.now()));
    asked.push(send({ port, method: "GET", path: "/api/session", headers }));
  }
  return (await Promise.all(asked)).map(({ status, milliseconds }) => {
    if (status !== 200) throw new Error(`A guarded request was answered ${status}`);
    return milliseconds;
  });
}

async function signIn({ port, emails, password }: FloodQuestion) {
  const body = JSON.stringify({ email: emails[people++ % emails.length], password });
  const headers = {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
    "x-forwarded-for": `198.18.${randomInt(256)}.${randomInt(256)}`,
  };
  return send({ port, method: "POST", path: "/api/login", headers }, body);
}

interface Sent {
  readonly port: number;
  readonly method: string;
  readonly path: string;
  readonly headers: Record<string, string | number>;
}

async function send(options: Sent, body = "") {
  const start = performance.now();
  const { promise, resolve, reject } = Promise.withResolvers<{ cookie: string; status: number }>();
  request({ agent, host: "127.0.0.1", ...options })
    .on("response", (response) => {
      const [first = ""] = response.headers["set-cookie"] ?? [];
      const answered = { cookie: first.split(";")[0]!, status: response.statusCode! };
      text(response).then(() => resolve(answered), reject);
    })
    .on("error", reject)
    .end(body);
  const { status, cookie } = await promise;
  return { status, cookie, milliseconds: performance.now() - start };
}
