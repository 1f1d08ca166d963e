/** Whether two samples may be of one kind: the test of Mann and Whitney, which does not mind outliers. */

export interface Comparison {
  /** How often one of the first sample is smaller than one of the second; 0.5 where neither is. */
  readonly share: number;
  /** How likely so great a difference is by chance alone. Two-sided, by the normal approximation: from 20 values on. */
  readonly p: number;
}

export function rankTest(first: readonly number[], second: readonly number[]): Comparison {
  const all = [
    ...first.map((value) => ({ value, isFirst: true })),
    ...second.map((value) => ({ value, isFirst: false })),
  ].sort((a, b) => a.value - b.value);
  let ranks = 0;
  let ties = 0;
  for (let from = 0; from < all.length; ) {
    let to = from;
    while (to < all.length && all[to]!.value === all[from]!.value) to++;
    const equal = to - from;
    // Equal values share their ranks.
    const rank = (from + 1 + to) / 2;
    for (const { isFirst } of all.slice(from, to)) if (isFirst) ranks += rank;
    ties += equal ** 3 - equal;
    from = to;
  }
  const [n, m] = [first.length, second.length];
  const u = ranks - (n * (n + 1)) / 2;
  const variance = ((n * m) / 12) * (n + m + 1 - ties / ((n + m) * (n + m - 1)));
  const z = variance === 0 ? 0 : (u - (n * m) / 2) / Math.sqrt(variance);
  return { share: 1 - u / (n * m), p: 2 * upperTail(Math.abs(z)) };
}

/** Of the normal distribution (Abramowitz and Stegun 26.2.17, wrong by less than 1e-7). */
function upperTail(z: number): number {
  const t = 1 / (1 + 0.2316419 * z);
  const factors = [0.31938153, -0.356563782, 1.781477937, -1.821255978, 1.330274429];
  const sum = factors.reduceRight((rest, factor) => (rest + factor) * t, 0);
  return (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * sum;
}
