/** Numbers that look random and follow from a seed: for plans, never for secrets. */

/** The next number, from 0 up to and without 1. */
export type Chance = () => number;

/** The generator "mulberry32" of Tommy Ettinger, in the public domain: 32 bits of state, good enough for plans. */
export function chanceOf(seed: number): Chance {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** One of them; those that stand there twice come twice as often. */
export function oneOf<T>(chance: Chance, all: readonly T[]): T {
  return all[Math.floor(chance() * all.length)]!;
}
