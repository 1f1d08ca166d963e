/** Until when somebody waits. */
import { endOfTurn } from "./turn.ts";

interface WithinOptions {
  /** Whether the process lives until then. Default true. */
  readonly keepsAlive?: boolean;
  /** What a rejection is turned into. Default nothing else. */
  readonly failure?: (cause: unknown) => unknown;
}

/** The answer, or a rejection if there is none within so many milliseconds, which may be infinitely many. */
export function within<T>(
  milliseconds: number,
  answer: Promise<T>,
  { keepsAlive = true, failure = itself }: WithinOptions = {},
): Promise<T> {
  return new Promise((resolve, reject) => {
    const alarm = alarmIn(milliseconds, keepsAlive);
    alarm?.add(() => reject(failure(new Error(`No answer within ${milliseconds} ms`))));
    answer.then(
      (value) => {
        alarm?.done();
        resolve(value);
      },
      (cause) => {
        alarm?.done();
        reject(failure(cause));
      },
    );
  });
}

function itself(cause: unknown): unknown {
  return cause;
}

/** One timer for all that begins to be waited for in one turn: one each would cost as much as a tenth of a request. */
class Alarm {
  readonly milliseconds: number;
  readonly keepsAlive: boolean;
  readonly #timer: NodeJS.Timeout;
  readonly #listeners: (() => void)[] = [];
  #waiting = 0;
  #hasRung = false;

  constructor(milliseconds: number, keepsAlive: boolean) {
    this.milliseconds = milliseconds;
    this.keepsAlive = keepsAlive;
    this.#timer = setTimeout(() => {
      this.#hasRung = true;
      for (const listener of this.#listeners) listener();
    }, milliseconds);
    if (!keepsAlive) this.#timer.unref();
  }

  /** Whether it will ring: somebody waits, and it has not rung. */
  get isSet(): boolean {
    return this.#waiting > 0 && !this.#hasRung;
  }

  /** @param listener hears it also when its own wait is done and another's is not. */
  add(listener: () => void): void {
    this.#waiting += 1;
    this.#listeners.push(listener);
  }

  /** One wait is done. */
  done(): void {
    this.#waiting -= 1;
    if (this.#waiting === 0) clearTimeout(this.#timer);
  }
}

/** That of this turn. */
let current: Alarm | undefined;

function alarmIn(milliseconds: number, keepsAlive: boolean): Alarm | undefined {
  if (milliseconds === Number.POSITIVE_INFINITY) return undefined;
  if (current?.isSet && current.milliseconds === milliseconds && current.keepsAlive === keepsAlive)
    return current;
  const alarm = new Alarm(milliseconds, keepsAlive);
  current = alarm;
  void endOfTurn().then(() => {
    if (current === alarm) current = undefined;
  });
  return alarm;
}
