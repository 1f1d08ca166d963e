/** Answers as Node's own server writes them. */
import type { HeaderFields } from "./added-headers.ts";

/** The part of Node's `ServerResponse` that is used; that of HTTP/2 has it too. */
export interface NodeAnswer {
  getHeader(name: string): unknown;
  setHeader(name: string, value: number | string | readonly string[]): unknown;
  appendHeader(name: string, value: string | readonly string[]): unknown;
  writeHead: unknown;
}

/**
 * Runs `apply` when the head of the answer is written, after everything the handler has set: a handler that allows
 * caching must not put somebody's cookie into a shared cache (CVE-2023-30861).
 */
export function beforeHead(answer: NodeAnswer, apply: (fields: HeaderFields) => void): void {
  const writeHead = answer.writeHead as WriteHead;
  answer.writeHead = (status: number, ...rest: readonly unknown[]) => {
    answer.writeHead = writeHead;
    const hasMessage = typeof rest[0] === "string";
    setHeaders(answer, (hasMessage ? rest[1] : rest[0]) as HeadHeaders);
    apply(new NodeFields(answer));
    return hasMessage ? writeHead.call(answer, status, rest[0]) : writeHead.call(answer, status);
  };
}

type WriteHead = (this: NodeAnswer, status: number, ...rest: readonly unknown[]) => unknown;

type HeadHeaders =
  | Readonly<Record<string, number | string | string[]>>
  | readonly (string | string[])[]
  | undefined;

/** `writeHead` takes headers as an object, a flat list or a list of pairs (CVE-2025-7339: lists were forgotten). */
function setHeaders(answer: NodeAnswer, headers: HeadHeaders): void {
  if (isList(headers)) {
    const flat = headers.flat();
    for (let at = 0; at < flat.length; at += 2) answer.appendHeader(flat[at]!, flat[at + 1]!);
  } else {
    for (const name in headers) answer.setHeader(name, headers[name]!);
  }
}

function isList(headers: HeadHeaders): headers is readonly (string | string[])[] {
  return Array.isArray(headers);
}

class NodeFields implements HeaderFields {
  readonly #answer: NodeAnswer;

  constructor(answer: NodeAnswer) {
    this.#answer = answer;
  }

  get(name: string): unknown {
    return this.#answer.getHeader(name);
  }

  set(name: string, value: string): void {
    this.#answer.setHeader(name, value);
  }

  append(name: string, value: string): void {
    this.#answer.appendHeader(name, value);
  }
}
