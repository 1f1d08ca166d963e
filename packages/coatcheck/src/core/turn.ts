/** Turns of the event loop. */

/** The real one, also while a test has put another in its place: who waits for it would never go on. */
const immediate = setImmediate;

let ending: Promise<void> | undefined;

/** When all requests that have come in already were read. Whoever waits for that in one turn goes on together. */
export function endOfTurn(): Promise<void> {
  ending ??= new Promise((resolve) =>
    immediate(() => {
      ending = undefined;
      resolve();
    }),
  );
  return ending;
}
