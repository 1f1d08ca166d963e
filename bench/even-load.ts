/** Requests at an even pace, as people send them: the next ones do not wait for the answers to the last. */
import { Agent, request } from "node:http";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import type { SessionToken } from "coatcheck";
import { signIn } from "./population.ts";

export interface Sent {
  readonly port: number;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | number>>;
  /** Gives up when it is aborted. */
  readonly signal?: AbortSignal;
}

export interface Answered {
  readonly status: number;
  /** The first cookie that it set. */
  readonly cookie: string;
  readonly milliseconds: number;
}

/** The headers of the browser in which this person signed in. */
export function browserOf(person: number, token: SessionToken): Sent["headers"] {
  const { userAgent, language } = signIn(person).client!;
  return {
    "user-agent": userAgent!,
    "accept-language": language!,
    cookie: `__Host-session=${token.reveal()}`,
  };
}

const agent = new Agent({ keepAlive: true });

export async function send(what: Sent, body = ""): Promise<Answered> {
  const start = performance.now();
  const { promise, resolve, reject } = Promise.withResolvers<Omit<Answered, "milliseconds">>();
  request({ agent, host: "127.0.0.1", ...what })
    .on("response", (response) => {
      const [first = ""] = response.headers["set-cookie"] ?? [];
      const answered = { cookie: first.split(";")[0]!, status: response.statusCode! };
      text(response).then(() => resolve(answered), reject);
    })
    .on("error", reject)
    .end(body);
  return { ...(await promise), milliseconds: performance.now() - start };
}

/** Sends guarded requests until `end`, of these browsers in turn; gives how long each took. */
export async function askEvenly(
  where: { readonly port: number; readonly path: string; readonly browsers: readonly Sent["headers"][] },
  perSecond: number,
  end: number,
): Promise<number[]> {
  const { port, path, browsers } = where;
  const asked: Promise<Answered>[] = [];
  for (let due = performance.now(); due < end; due += 1_000 / perSecond) {
    if (due > performance.now()) await delay(due - performance.now());
    const headers = browsers[asked.length % browsers.length]!;
    asked.push(send({ port, method: "GET", path, headers }));
  }
  return (await Promise.all(asked)).map(({ status, milliseconds }) => {
    if (status !== 200) throw new Error(`A guarded request was answered ${status}`);
    return milliseconds;
  });
}
