/**
 * Whatever else the machine does only adds to what a request takes, twofold at times, and where it is another machine on the
 * same processor, nothing here shows it but that. So the quietest rounds count, and there are more of them until those agree.
 */

/** Of so many rounds, one counts. */
const oneOf = 4;

/** A machine that is not quiet has so many times as many rounds, and no more. */
const patience = 4;

/** How far the slowest round that counts may be from the fastest, as a share of it. */
const agreement = 0.05;

/** The rounds that took least, `count` of them. */
export function quietest<R>(rounds: readonly R[], count: number, taken: (round: R) => number): R[] {
  return rounds.toSorted((a, b) => taken(a) - taken(b)).slice(0, count);
}

/** Whether `count` rounds agree, of at least four times as many; or there were so many that no more are tried. */
export function isEnough<R>(rounds: readonly R[], count: number, taken: (round: R) => number): boolean {
  if (rounds.length < oneOf * count) return false;
  if (rounds.length >= patience * oneOf * count) return true;
  const counted = quietest(rounds, count, taken);
  return taken(counted.at(-1)!) <= (1 + agreement) * taken(counted[0]!);
}
