/** Lines on their way to a file or a pipe. */
import { write, writeSync } from "node:fs";
import type { DestinationStream } from "pino";

/** A line waits for others no longer than this, in milliseconds, and not once there are so many characters. */
const longestWait = 100;
const mostCharacters = 4_096;

/** Where a pipe that may not be waited for is full, it is tried again after so many milliseconds. */
const retryAfter = 100;

/**
 * Every write wakes a thread, which takes the processor from a request: lines go out together, the last ones at the end.
 * Written by ourselves and not by the destination of pino: with that, a process whose log nobody reads may never end.
 */
export function gatheredLines(fd: number): DestinationStream {
  let lines = "";
  let waiting: NodeJS.Timeout | undefined;
  let isWriting = false;
  /** Whether what was gathered since has waited long enough. */
  let isDue = false;
  const take = () => {
    clearTimeout(waiting);
    waiting = undefined;
    const gathered = Buffer.from(lines);
    lines = "";
    return gathered;
  };
  const pass = () => {
    isDue = isWriting;
    if (isWriting) return;
    isWriting = true;
    writeAll(fd, take(), () => {
      isWriting = false;
      if (isDue) pass();
    });
  };
  process.on("exit", () => writeNow(fd, take()));
  return {
    write(line) {
      lines += line;
      if (lines.length >= mostCharacters) pass();
      else waiting ??= setTimeout(pass, longestWait).unref();
    },
  };
}

/** Where there is no room, or nobody who reads, the rest is given up: the next lines may be luckier. */
function writeAll(fd: number, text: Buffer, done: () => void): void {
  write(fd, text, (error, written) => {
    if (error?.code === "EAGAIN") setTimeout(() => writeAll(fd, text, done), retryAfter).unref();
    else if (error || written === text.length) done();
    else writeAll(fd, text.subarray(written), done);
  });
}

/** Where nobody reads, nothing is lost that somebody could have read. */
function writeNow(fd: number, text: Buffer): void {
  let rest = text;
  try {
    while (rest.length > 0) rest = rest.subarray(writeSync(fd, rest));
  } catch {
    // The process ends, and there is nobody left to tell.
  }
}
