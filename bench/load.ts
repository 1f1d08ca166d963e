/**
 * A child process that sends requests over raw sockets: a browser's headers, one request at a time on each of its
 * connections, each with the next session. It does as little as it can, so as not to be what is measured.
 */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { answer } from "./child.ts";
import { canPin } from "./machine.ts";
import { signIn } from "./population.ts";
import type { Address } from "./server.ts";

export type LoadQuestion =
  /** Prepares the requests to a server. */
  | { readonly server: number; readonly address: Address }
  /** Sends requests to it for so long. */
  | { readonly server: number; readonly milliseconds: number; readonly connections: number };

export interface LoadAnswer {
  readonly requests: number;
  readonly seconds: number;
  /** How long the answers took that half and 99 % of them were faster than, in milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

interface Target {
  readonly port: number;
  readonly requests: readonly Buffer[];
  turn: number;
}

/** More than any machine answers in the longest turn: a mistake in the arithmetic must not run for ever. */
const mostRequests = 2_000_000;

/** Answers are counted by the microseconds that they took; those that took longer than this all together. */
const longest = 1_000_000;
const tookMicroseconds = new Uint32Array(longest + 1);

const targets = new Map<number, Target>();

answer<LoadQuestion>(async (question) => {
  if ("address" in question) {
    const { port, cookies } = question.address;
    targets.set(question.server, {
      port,
      requests: cookies.map((cookie, person) => request(port, cookie, person)),
      turn: 0,
    });
    return true;
  }
  return load(targets.get(question.server)!, question.milliseconds, question.connections);
});

/** From the browser in which this person signed in. */
function request(port: number, cookie: string, person: number): Buffer {
  const { userAgent, language } = signIn(person).client!;
  return Buffer.from(
    [
      "GET / HTTP/1.1",
      `Host: 127.0.0.1:${port}`,
      `User-Agent: ${userAgent}`,
      "Accept: application/json",
      "Accept-Encoding: gzip, deflate, br, zstd",
      `Accept-Language: ${language}`,
      "Sec-Fetch-Site: same-origin",
      `Cookie: ${cookie}`,
      "\r\n",
    ].join("\r\n"),
  );
}

async function load(target: Target, milliseconds: number, connections: number): Promise<LoadAnswer> {
  const sockets = await Promise.all(Array.from({ length: connections }, () => open(target.port)));
  const sleep = stayAwake();
  const start = performance.now();
  const end = start + milliseconds;
  tookMicroseconds.fill(0);
  const most = mostRequests / connections;
  const counts = await Promise.all(sockets.map((socket) => converse(socket, target, end, most)));
  const seconds = (performance.now() - start) / 1000;
  sleep();
  const requests = counts.reduce((sum, count) => sum + count, 0);
  return { requests, seconds, p50: fasterThan(0.5 * requests), p99: fasterThan(0.99 * requests) };
}

/** The milliseconds within which so many answers came. */
function fasterThan(requests: number): number {
  let microseconds = 0;
  for (let seen = 0; microseconds < longest; microseconds++) {
    seen += tookMicroseconds[microseconds]!;
    if (seen >= requests) break;
  }
  return microseconds / 1000;
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

/** Sends the next request when the last was answered, until the end; gives how many were answered. */
function converse(socket: Socket, target: Target, end: number, most: number): Promise<number> {
  return new Promise((resolve, reject) => {
    let answered = 0;
    let sent = performance.now();
    let received = "";
    socket.setEncoding("latin1");
    const send = () => socket.write(target.requests[target.turn++ % target.requests.length]!);
    socket.on("error", reject);
    socket.on("close", () => reject(new Error("The server closed the connection")));
    socket.on("data", (text) => {
      received += text;
      if (!isWhole(received)) return;
      if (!received.startsWith("HTTP/1.1 200")) return reject(new Error(`Unexpected answer: ${received}`));
      received = "";
      answered++;
      const now = performance.now();
      tookMicroseconds[Math.min(longest, Math.trunc(1000 * (now - sent)))]!++;
      sent = now;
      if (now < end && answered < most) return send();
      socket.removeAllListeners("close").destroy();
      resolve(answered);
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
