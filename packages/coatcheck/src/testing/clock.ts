/** A clock that only a test moves. */
export interface ManualClock {
  /** The time in milliseconds since the epoch; pass it as the manager's `now`. */
  readonly now: () => number;
  /** Moves the clock, forwards or (negative) backwards. */
  advance(milliseconds: number): void;
}

/** A clock that stands at `start` until it is moved. */
export function manualClock(start: number = Date.UTC(2030, 0, 1)): ManualClock {
  let time = start;
  return {
    now: () => time,
    advance(milliseconds) {
      time += milliseconds;
    },
  };
}
