/**
 * A child process that sends requests over raw sockets: a browser's headers, one request at a time on each of its
 * connections, each with the next session. It does as little as it can, so as not to be what is measured.
 */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { answer } from "./child.ts";
import { canPin } from "./machine.ts";
import { signIn, userId } from "./population.ts";

export type LoadQuestion =
  /** Signs so many people in, from this one on: from now on they are who asks this server. */
  | { readonly port: number; readonly signIn: number; readonly from: number }
  /** Has them send requests for so long. */
  | { readonly port: number; readonly milliseconds: number }
  /** Has them send so many requests. */
  | { readonly port: number; readonly requests: number };

export interface LoadAnswer {
  readonly requests: number;
  readonly seconds: number;
  /** How long the answers took that half and 99 % of them were faster than, in milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

export interface SignedIn {
  /** What a browser sends back in each request, in the middle. */
  readonly cookieBytes: number;
}

const connections = 32;

/** How often a sign-in is tried again while its store is held up by what else this machine does. */
const patience = 10;

/** More than any machine answers in the longest turn: a mistake in the arithmetic must not run for ever. */
const mostRequests = 2_000_000;

/** The requests to each server, by its port, and whose turn it is. */
const targets = new Map<number, { readonly requests: readonly Buffer[]; turn: number }>();

answer<LoadQuestion>(async (question) => {
  if ("signIn" in question) return signInPeople(question.port, question.from, question.signIn);
  if ("milliseconds" in question) return load(question.port, mostRequests, question.milliseconds);
  return load(question.port, question.requests);
});

async function signInPeople(port: number, from: number, count: number): Promise<SignedIn> {
  const cookies: string[] = [];
  let turn = 0;
  const next = (received?: string, last?: number): [Buffer, number] | undefined => {
    if (received !== undefined) cookies[last!] = cookiesOf(received);
    if (turn >= count) return undefined;
    const headers = [`X-User: ${userId(from + turn)}`, "Content-Length: 0"];
    return [request(port, from + turn, "POST /sign-in", headers), turn++];
  };
  const sockets = await Promise.all(Array.from({ length: connections }, () => open(port)));
  await Promise.all(sockets.map((socket) => converse(socket, next, patience)));
  const requests = cookies.map((cookie, at) => request(port, from + at, "GET /", [`Cookie: ${cookie}`]));
  targets.set(port, { requests, turn: 0 });
  const lengths = cookies.map(({ length }) => length).sort((a, b) => a - b);
  return { cookieBytes: lengths[Math.trunc(count / 2)] ?? 0 };
}

/** As a browser sends them back: of two with one name, the last. */
function cookiesOf(answered: string): string {
  const lines = answered.matchAll(/^set-cookie: ([^=]+)=([^;\r\n]*)/gim);
  const cookies = new Map(Array.from(lines, ([, name, value]) => [name, value]));
  return Array.from(cookies, ([name, value]) => `${name}=${value}`).join("; ");
}

/** From the browser of this person, by way of a proxy that has taken off https. */
function request(port: number, person: number, deed: string, headers: readonly string[]): Buffer {
  const { userAgent, language } = signIn(person).client!;
  return Buffer.from(
    [
      `${deed} HTTP/1.1`,
      `Host: 127.0.0.1:${port}`,
      `User-Agent: ${userAgent}`,
      "Accept: application/json",
      "Accept-Encoding: gzip, deflate, br, zstd",
      `Accept-Language: ${language}`,
      "Sec-Fetch-Site: same-origin",
      "X-Forwarded-Proto: https",
      ...headers,
      "\r\n",
    ].join("\r\n"),
  );
}

async function load(
  port: number,
  most: number,
  milliseconds = Number.POSITIVE_INFINITY,
): Promise<LoadAnswer> {
  const target = targets.get(port)!;
  const sockets = await Promise.all(Array.from({ length: connections }, () => open(port)));
  const sleep = stayAwake();
  const latencies = new Latencies();
  const start = performance.now();
  const end = start + milliseconds;
  let sent = 0;
  const next = (received: string | undefined, sentAt: number | undefined): [Buffer, number] | undefined => {
    const now = performance.now();
    if (received !== undefined) latencies.add(now - sentAt!);
    if (now >= end || sent++ >= most) return undefined;
    return [target.requests[target.turn++ % target.requests.length]!, now];
  };
  await Promise.all(sockets.map((socket) => converse(socket, next)));
  const seconds = (performance.now() - start) / 1000;
  sleep();
  return { requests: latencies.count, seconds, p50: latencies.within(0.5), p99: latencies.within(0.99) };
}

/** Counted by their microseconds; those that took longer than a second all together. */
class Latencies {
  static readonly #longest = 1_000_000;
  static readonly #counts = new Uint32Array(Latencies.#longest + 1);
  count = 0;

  constructor() {
    Latencies.#counts.fill(0);
  }

  add(milliseconds: number): void {
    Latencies.#counts[Math.min(Latencies.#longest, Math.trunc(1000 * milliseconds))]!++;
    this.count++;
  }

  /** The milliseconds within which this share of the answers came. */
  within(share: number): number {
    let microseconds = 0;
    for (let seen = 0; microseconds < Latencies.#longest; microseconds++) {
      seen += Latencies.#counts[microseconds]!;
      if (seen >= share * this.count) break;
    }
    return microseconds / 1000;
  }
}

/**
 * A load that sleeps is woken by the server's writes, and the kernel charges the server for it: the slower server, whose
 * load sleeps more often, the more. So it does not sleep, where it has a core to itself.
 */
function stayAwake(): () => void {
  let awake = canPin;
  const turn = () => {
    if (awake) setImmediate(turn);
  };
  turn();
  return () => {
    awake = false;
  };
}

async function open(port: number): Promise<Socket> {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  await once(socket, "connect");
  return socket;
}

/**
 * Sends what `next` gives, and when it was answered, what `next` gives then, until that is nothing. `next` is told the
 * answer, and what it said itself of the request.
 */
function converse<T>(
  socket: Socket,
  next: (received?: string, about?: T) => [request: Buffer, about: T] | undefined,
  retries = 0,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let about: T | undefined;
    let sent: Buffer;
    let received = "";
    socket.setEncoding("latin1");
    const send = (answered?: string) => {
      const sending = next(answered, about);
      if (sending === undefined) {
        socket.removeAllListeners("close").destroy();
        return resolve();
      }
      [sent, about] = sending;
      socket.write(sent);
    };
    socket.on("error", reject);
    socket.on("close", () => reject(new Error("The server closed the connection")));
    socket.on("data", (text) => {
      received += text;
      if (!isWhole(received)) return;
      const answered = received;
      received = "";
      if (answered.startsWith("HTTP/1.1 200")) send(answered);
      else if (answered.startsWith("HTTP/1.1 503") && retries-- > 0) socket.write(sent);
      else reject(new Error(`Unexpected answer: ${answered}`));
    });
    send();
  });
}

/** Knows only what the measured servers send: a body with its length. */
function isWhole(text: string): boolean {
  const head = text.indexOf("\r\n\r\n");
  if (head === -1) return false;
  const length = /\r\ncontent-length: (\d+)/i.exec(text)?.[1];
  if (length === undefined) throw new Error(`An answer without its length: ${text}`);
  return text.length >= head + 4 + Number(length);
}
