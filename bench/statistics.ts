/** What many noisy rounds say together. */

/** The middle of all rounds, and how far half of them lie around it. */
export interface Figure {
  readonly median: number;
  /** Half the distance between the quartiles, as a share of the median. */
  readonly spread: number;
}

export function figure(values: readonly number[]): Figure {
  const sorted = values.toSorted((a, b) => a - b);
  const median = quantile(sorted, 0.5);
  const spread = (quantile(sorted, 0.75) - quantile(sorted, 0.25)) / 2 / median;
  return { median, spread };
}

/** Compares round with round: what disturbed the machine in one of them disturbed both sides. */
export function ratio(values: readonly number[], toValues: readonly number[]): Figure {
  return figure(values.map((value, round) => value / toValues[round]!));
}

/** The middle of what each round had more than the same round of the other side. */
export function difference(values: readonly number[], fromValues: readonly number[]): number {
  const differences = values.map((value, round) => value - fromValues[round]!);
  return quantile(
    differences.toSorted((a, b) => a - b),
    0.5,
  );
}

/** What so large a share of the values does not exceed. */
export function percentile(values: readonly number[], share: number): number {
  return quantile(
    values.toSorted((a, b) => a - b),
    share,
  );
}

function quantile(sorted: readonly number[], share: number): number {
  const place = (sorted.length - 1) * share;
  const below = sorted[Math.floor(place)]!;
  const above = sorted[Math.ceil(place)]!;
  return below + (above - below) * (place % 1);
}
