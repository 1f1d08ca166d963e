/** Signals of others. */

/** Calls back once when the signal is aborted, or at once if it is already. Some runtimes give their requests none. */
export function onceAborted(signal: AbortSignal | undefined, listener: () => void): void {
  if (signal?.aborted) listener();
  else signal?.addEventListener("abort", listener, { once: true });
}
