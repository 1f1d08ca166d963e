/** Lines on their way to a file or a pipe. */
import { writeSync } from "node:fs";
import { type DestinationStream, pino } from "pino";

/** A line waits for others no longer than this, in milliseconds, and not once there are so many characters. */
const longestWait = 100;
const mostCharacters = 4_096;

/** Every write wakes a thread, which takes the processor from a request: lines go out together, the last ones at the end. */
export function gatheredLines(fd: number): DestinationStream {
  // Gathered here and not by its `minLength`: it would forget a flush that comes while it writes, and at the end it would
  // try for ever to write what nobody reads.
  const file = pino.destination({ dest: fd, sync: false });
  let lines = "";
  let waiting: NodeJS.Timeout | undefined;
  let isWriting = false;
  file.on("drain", () => {
    isWriting = false;
  });
  const take = () => {
    clearTimeout(waiting);
    waiting = undefined;
    const gathered = lines;
    lines = "";
    return gathered;
  };
  const pass = () => {
    isWriting = true;
    file.write(take());
  };
  // Before pino's own listener, which writes what waits for a write that is under way.
  process.prependListener("exit", () => {
    if (isWriting) file.write(take());
    else writeNow(fd, take());
  });
  return {
    write(line) {
      lines += line;
      if (lines.length >= mostCharacters) pass();
      else waiting ??= setTimeout(pass, longestWait).unref();
    },
  };
}

/** Where nobody reads, nothing is lost that somebody could have read. */
function writeNow(fd: number, text: string): void {
  let rest = Buffer.from(text);
  try {
    while (rest.length > 0) rest = rest.subarray(writeSync(fd, rest));
  } catch {
    // The process ends, and there is nobody left to tell.
  }
}
