/** What befalls nodes and stores in the middle of a race. */
import { setTimeout as delay } from "node:timers/promises";
import type { Span } from "./history.ts";
import { raceTime } from "./node.ts";
import type { NodeProcess } from "./node-process.ts";

/** Begins in the middle of a race, lasts, and ends: after that everything must recover by itself. */
export interface Fault {
  readonly name: string;
  /** In milliseconds. */
  readonly lasts: number;
  begin(nodes: readonly NodeProcess[]): void | Promise<void>;
  end(nodes: readonly NodeProcess[]): void | Promise<void>;
  /** Which of the nodes has a wrong clock meanwhile, if one has: what it says of deadlines counts for nothing. */
  readonly misjudges?: number;
}

export interface PlannedFault {
  readonly fault: Fault;
  /** When it begins: after this share of the steps. */
  readonly at: number;
}

/** Faults spread evenly over a race. */
export function spread(faults: readonly Fault[]): PlannedFault[] {
  return faults.map((fault, index) => ({ fault, at: (index + 0.5) / (faults.length + 0.5) }));
}

/** Lets faults begin in their time, one after the other, and writes down when they were. */
export class Weather {
  readonly #nodes: readonly NodeProcess[];
  readonly #due: PlannedFault[];
  readonly #spans: Span[];
  #current: Promise<void> = Promise.resolve();

  constructor(faults: readonly PlannedFault[], nodes: readonly NodeProcess[], spans: Span[]) {
    this.#due = faults.toSorted((a, b) => a.at - b.at);
    this.#nodes = nodes;
    this.#spans = spans;
  }

  /** So much of the race is done. */
  progress(share: number): void {
    while (this.#due[0] && this.#due[0].at <= share) {
      const { fault } = this.#due.shift()!;
      this.#current = this.#current.then(() => this.#strike(fault));
      // Who waits for the end of the race is told.
      this.#current.catch(() => {});
    }
  }

  /** Resolves when no fault is left. */
  async over(): Promise<void> {
    this.progress(1);
    await this.#current;
  }

  async #strike(fault: Fault): Promise<void> {
    const start = raceTime();
    try {
      await fault.begin(this.#nodes);
      await delay(fault.lasts);
    } finally {
      await fault.end(this.#nodes);
    }
    const node = fault.misjudges === undefined ? undefined : this.#nodes[fault.misjudges]!.name;
    this.#spans.push({
      what: fault.name,
      start,
      end: raceTime(),
      ...(node !== undefined && { misjudges: node }),
    });
  }
}
