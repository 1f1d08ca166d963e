/** Until when somebody waits. */

interface WithinOptions {
  /** Whether the process lives until then. Default true. */
  readonly keepsAlive?: boolean;
  /** What a rejection is turned into. Default nothing else. */
  readonly failure?: (cause: unknown) => unknown;
}

/**
 * The answer, or a rejection if there is none within so many milliseconds, which may be infinitely many. It comes by at most
 * a hundredth of them too early.
 */
export function within<T>(
  milliseconds: number,
  answer: Promise<T>,
  { keepsAlive = true, failure = itself }: WithinOptions = {},
): Promise<T> {
  return new Promise((resolve, reject) => {
    const giveUp = () => reject(failure(new Error(`No answer within ${milliseconds} ms`)));
    const alarm = alarmIn(milliseconds, keepsAlive);
    const wait = alarm?.add(giveUp);
    answer.then(
      (value) => {
        if (wait) alarm?.done(wait);
        resolve(value);
      },
      (cause) => {
        if (wait) alarm?.done(wait);
        reject(failure(cause));
      },
    );
  });
}

function itself(cause: unknown): unknown {
  return cause;
}

/** What is to be done when its time is over. */
interface Wait {
  giveUp: (() => void) | undefined;
}

/** One timer for all that begins to be waited for within moments: one each would cost as much as a tenth of a request. */
class Alarm {
  readonly milliseconds: number;
  readonly keepsAlive: boolean;
  readonly #setAt = performance.now();
  readonly #timer: NodeJS.Timeout;
  #waits: Wait[] = [];
  #waiting = 0;

  constructor(milliseconds: number, keepsAlive: boolean) {
    this.milliseconds = milliseconds;
    this.keepsAlive = keepsAlive;
    this.#timer = setTimeout(() => this.#ring(), milliseconds);
    if (!keepsAlive) this.#timer.unref();
  }

  /** Whether who begins to wait now may hear it: somebody waits for it, and hardly any of its time is over. */
  get isFresh(): boolean {
    return this.#waiting > 0 && performance.now() - this.#setAt <= this.milliseconds / 100;
  }

  add(giveUp: () => void): Wait {
    const wait: Wait = { giveUp };
    this.#waits.push(wait);
    this.#waiting += 1;
    return wait;
  }

  done(wait: Wait): void {
    if (!wait.giveUp) return;
    wait.giveUp = undefined;
    this.#waiting -= 1;
    if (this.#waiting > 0) return;
    clearTimeout(this.#timer);
    this.#waits = [];
  }

  #ring(): void {
    const waits = this.#waits;
    this.#waits = [];
    this.#waiting = 0;
    for (const wait of waits) {
      wait.giveUp?.();
      wait.giveUp = undefined;
    }
  }
}

/** The last one that was set. */
let latest: Alarm | undefined;

function alarmIn(milliseconds: number, keepsAlive: boolean): Alarm | undefined {
  if (milliseconds === Number.POSITIVE_INFINITY) return undefined;
  const isShared =
    latest?.milliseconds === milliseconds && latest.keepsAlive === keepsAlive && latest.isFresh;
  if (!isShared) latest = new Alarm(milliseconds, keepsAlive);
  return latest;
}
