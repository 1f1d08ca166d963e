/** What a soak promises, and whether it was kept. */
import { growth, leftBehind, type SoakReport } from "./soak.ts";

/** Between the middles of the thirds of a soak, in bytes: the noise of requests under way, and of what JIT compiles. */
export const tolerableGrowth: number = 3 * 2 ** 20;

/** The promises that were broken, each with what broke it. */
export function broken(report: SoakReport): string[] {
  const { unmeant, dropped, complaints, samples, before, after, stop } = report;
  const grown = growth(samples.map(({ heap, external }) => heap + external));
  const left = leftBehind(before, after);
  return [
    ...some("No request is answered in a way that nobody meant", unmeant),
    ...some("Every request is answered", dropped),
    ...some("The log complains of nothing", complaints),
    ...some("Memory is flat", grown > tolerableGrowth ? [`it grew by ${Math.round(grown / 1024)} KB`] : []),
    ...some("No connection, timer or file is left behind", left),
    ...some("SIGTERM drops no request", stop.dropped),
    ...some("Requests after SIGTERM are answered as those before", stop.unmeant),
    ...some("SIGTERM ends the process with 0", stop.exitCode === 0 ? [] : [`it was ${stop.exitCode}`]),
  ];
}

function some(promise: string, against: readonly string[]): string[] {
  if (against.length === 0) return [];
  return [`${promise}. It was broken ${against.length} times:\n  ${against.slice(0, 10).join("\n  ")}`];
}
