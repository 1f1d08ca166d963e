/** Answers as Node's own server writes them. */
import type { HeaderFields } from "./added-headers.ts";
import type { NodeMessage } from "./node-message.ts";

/** The part of Node's `ServerResponse` that is used; that of HTTP/2 has it too. */
export interface NodeAnswer {
  getHeader(name: string): unknown;
  writeHead: unknown;
}

/**
 * Runs `apply` when the head of the answer is written, after everything the handler has set: a handler that allows
 * caching must not put somebody's cookie into a shared cache (CVE-2023-30861).
 */
export function beforeHead(answer: NodeAnswer, apply: Apply): void {
  const completed = answer as CompletedAnswer;
  completed[completing] = { apply, writeHead: completed.writeHead, former: completed[completing] };
  completed.writeHead = writeCompleteHead;
}

type Apply = (fields: HeaderFields) => void;
type WriteHead = (this: CompletedAnswer, status: number, ...rest: readonly unknown[]) => unknown;

const completing = Symbol("coatcheck");

interface CompletedAnswer extends NodeAnswer {
  writeHead: WriteHead;
  [completing]: Completion | undefined;
}

interface Completion {
  readonly apply: Apply;
  readonly writeHead: WriteHead;
  /** Of another manager, which completes the same answer. */
  readonly former: Completion | undefined;
}

/** One function for all answers: with one for each, Node's calls of it are no longer optimised, at 10 µs a request. */
function writeCompleteHead(
  this: CompletedAnswer,
  status: number,
  first?: unknown,
  second?: unknown,
): unknown {
  const { apply, writeHead, former } = this[completing]!;
  this.writeHead = writeHead;
  this[completing] = former;
  const hasMessage = typeof first === "string";
  const fields = new HeadFields(this, (second ?? (hasMessage ? undefined : first)) as HeadHeaders);
  apply(fields);
  return hasMessage ? this.writeHead(status, first, fields.head) : this.writeHead(status, fields.head);
}

/**
 * Calls back once when the answer has ended or its connection is gone, or at once if that is so already. Where the
 * protocol is switched there is no answer to wait for, only the connection.
 */
export function onceOver(
  { headers, socket }: NodeMessage,
  answer: NodeAnswer | undefined,
  listener: () => void,
): void {
  const closing = (headers.upgrade === undefined && answer ? answer : socket) as Closing;
  if (closing.closed) listener();
  else closing.once("close", listener);
}

/** A response of Node, or the socket below it. */
interface Closing {
  readonly closed?: boolean;
  once(event: "close", listener: () => void): unknown;
}

type HeaderValue = number | string | string[];
type HeadHeaders =
  | Readonly<Record<string, HeaderValue>>
  | readonly (HeaderValue | HeaderValue[])[]
  | undefined;

function isList(headers: HeadHeaders): headers is readonly (HeaderValue | HeaderValue[])[] {
  return Array.isArray(headers);
}

/**
 * The headers that are given to `writeHead`, before those that are set already. With one object Node is faster than with
 * `setHeader`.
 *
 * They may come as an object, a flat list or a list of pairs (CVE-2025-7339: lists were forgotten).
 */
class HeadFields implements HeaderFields {
  readonly head: Record<string, HeaderValue> = {};
  readonly #answer: NodeAnswer;

  constructor(answer: NodeAnswer, headers: HeadHeaders) {
    this.#answer = answer;
    if (isList(headers)) {
      // The values in a flat list may be lists themselves.
      const flat = (Array.isArray(headers[0]) ? headers.flat() : headers) as readonly HeaderValue[];
      for (let at = 0; at < flat.length; at += 2) {
        const name = String(flat[at]).toLowerCase();
        this.head[name] = joined(this.head[name], flat[at + 1]!);
      }
    } else {
      for (const name in headers) this.head[name.toLowerCase()] = headers[name]!;
    }
  }

  get(name: string): unknown {
    const key = name.toLowerCase();
    return this.head[key] ?? this.#answer.getHeader(key);
  }

  set(name: string, value: string): void {
    this.head[name.toLowerCase()] = value;
  }

  append(name: string, value: string): void {
    this.head[name.toLowerCase()] = joined(this.get(name) as HeaderValue | undefined, value);
  }
}

function joined(own: HeaderValue | undefined, value: HeaderValue): HeaderValue {
  return own === undefined ? value : [own, value].flat().map(String);
}
