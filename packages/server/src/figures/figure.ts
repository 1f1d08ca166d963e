/** What is counted for the overview: how often what happened, minute by minute, hour by hour, day by day. */

/** How long the pieces of time are in which is counted, in milliseconds. They begin with those of UTC. */
export const grains = { minute: 60_000, hour: 3_600_000, day: 86_400_000 } as const;

export type Grain = (typeof grains)[keyof typeof grains];

const day = grains.day;

/** How long the counts of each grain are kept, in milliseconds: longer than they are looked at. */
export const kept: Readonly<Record<Grain, number>> = {
  [grains.minute]: 3 * grains.hour,
  [grains.hour]: 3 * day,
  [grains.day]: 400 * day,
};

/** So many of one thing in one piece of time. */
export interface Figure {
  readonly grain: Grain;
  /** When the piece began, in milliseconds since the epoch. */
  readonly start: number;
  /** `signed-in`, `rejected/unknown`, `took/5`, …: one of few, whatever happens. */
  readonly name: string;
  readonly count: number;
}

/** So often an address was refused within an hour. */
export interface AddressCount {
  /** When the hour began. */
  readonly start: number;
  readonly address: string;
  readonly count: number;
}

/** What is added at once. */
export interface FigureBatch {
  /** Sent again under the same name, it counts once. */
  readonly id: string;
  readonly at: number;
  readonly figures: readonly Figure[];
  readonly addresses: readonly AddressCount[];
}

/** The piece of time into which a moment falls. */
export function startOf(grain: Grain, at: number): number {
  return Math.floor(at / grain) * grain;
}
