/**
 * Loaded into every test file: one that hangs, or left something open, ends with a failure that says so. The test
 * runner would wait for it for ever.
 */
import { writeSync } from "node:fs";
import { Session } from "node:inspector";
import { isMainThread, Worker, workerData } from "node:worker_threads";

interface Watched {
  /** The test file. */
  readonly watched: string;
}

const patience = Number(process.env.TEST_FILE_PATIENCE);

if (isMainThread) {
  const watched: Watched = { watched: process.argv[1]! };
  new Worker(import.meta.filename, { workerData: watched }).unref();
  setTimeout(endOpen, patience, watched).unref();
} else if (isWatched(workerData)) {
  setTimeout(endBusy, patience + 5_000, workerData);
}

/** Threads that tests start load this file, too. */
function isWatched(data: unknown): data is Watched {
  return typeof data === "object" && data !== null && "watched" in data;
}

function endOpen(file: Watched): void {
  tell(file, `Still open: ${process.getActiveResourcesInfo().join(", ")}`);
  process.exit(1);
}

/** Nobody is heard by a thread that computes without a pause, its own timers least of all: another looks where it is. */
function endBusy(file: Watched): void {
  const session = new Session();
  const urls = new Map<string, string>();
  session.connectToMainThread();
  session.on("Debugger.scriptParsed", ({ params }) => urls.set(params.scriptId, params.url));
  session.on("Debugger.paused", ({ params }) => {
    const at = params.callFrames.map(
      ({ functionName, location }) =>
        `${functionName || "(nameless)"}, ${urls.get(location.scriptId)}:${location.lineNumber + 1}`,
    );
    endAll(file, `It computes without a pause:\n  ${at.join("\n  ")}`);
  });
  session.post("Debugger.enable");
  session.post("Debugger.pause");
  setTimeout(endAll, 5_000, file, "It computes without a pause, and not in JavaScript.");
}

/** Not by `process.exit`, which ends but the thread that calls it. */
function endAll(file: Watched, why: string): void {
  tell(file, why);
  process.kill(process.pid, "SIGKILL");
}

/** Not by `console`: what a thread says there, the busy one prints. */
function tell({ watched }: Watched, why: string): void {
  writeSync(2, `${watched} did not end within ${patience / 1000} s. ${why}\n`);
}
