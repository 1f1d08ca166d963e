/** A child process that serves one row of the table. */
import type { Opened } from "./application.ts";
import { bytesOfHeap } from "./at-rest.ts";
import type { Calls } from "./call-counter.ts";
import { answer, cpuMicroseconds } from "./child.ts";
import type { Route } from "./routes.ts";
import type { Place } from "./stores.ts";
import { type Trials, tryOut } from "./trials.ts";

export type ServerQuestion = keyof Answers | { readonly register: number };

interface Answers {
  port(): number;
  "processor time"(): number;
  "bytes of the heap"(): number;
  /** Undefined where sessions are in the heap. */
  "bytes at rest"(): number | Promise<number> | undefined;
  "count calls"(): void | Promise<void>;
  "calls so far"(): Calls | Promise<Calls>;
  trials(): Promise<Trials>;
}

const [route, place] = process.argv.slice(2).map((text) => JSON.parse(text)) as [Route, Place];
const { open } = await import(`./${route.file}`);
const opened: Opened = await open(route.framework, route.options, place);
const { port } = await opened.serve();
const { calls, size } = opened;

const answers: Answers = {
  port: () => port,
  "processor time": cpuMicroseconds,
  "bytes of the heap": bytesOfHeap,
  "bytes at rest": () => size?.(),
  "count calls": () => calls?.start(),
  "calls so far": () => calls?.stop() ?? { all: 0, writes: 0 },
  trials: () => tryOut(port),
};

answer<ServerQuestion>(async (question) => {
  if (typeof question === "string") return (await answers[question]()) ?? null;
  await opened.register?.(question.register);
  return true;
});
