/** How long an event loop is held up, by whatever it is: that is what other requests feel. */
import { monitorEventLoopDelay } from "node:perf_hooks";

/** In milliseconds. */
export interface Pauses {
  readonly p50: number;
  readonly p99: number;
  readonly longest: number;
}

/** What `work` gives, and the pauses of this process meanwhile. */
export async function watched<T>(work: () => Promise<T>): Promise<{ result: T; pauses: Pauses }> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const result = await work();
  delay.disable();
  // The histogram knows how long its timer of a millisecond took.
  const pause = (nanoseconds: number) => Math.max(0, nanoseconds / 1e6 - 1);
  const [p50, p99] = [pause(delay.percentile(50)), pause(delay.percentile(99))];
  return { result, pauses: { p50, p99, longest: pause(delay.max) } };
}
