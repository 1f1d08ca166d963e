/** What is to be done in a race, in which order and by whom: it follows from the seed. Only how it interleaves does not. */
import { type Chance, chanceOf, oneOf } from "./chance.ts";

/** One step of a plan. Where what it needs is not there, the browser signs in instead. */
export interface Step {
  readonly do: Deed;
  /** Which browser, of all. */
  readonly browser: number;
  /** Which node, of all. */
  readonly node: number;
  /** Chooses among several ways to do it, from 0 to 1. */
  readonly way: number;
  /** Whether the cookies of the answer arrive. */
  readonly arrives: boolean;
}

export type Deed =
  | "sign in"
  | "validate"
  /** Presents the token on all nodes, and once more: the second time a cache may know it. */
  | "validate again"
  /** Presents a token that was replaced, or whose session has ended, on all nodes at once. */
  | "validate former"
  | "renew"
  /** Renews the same token on all nodes at once. */
  | "renew everywhere"
  | "reauthenticate"
  | "write"
  | "count"
  /** Ends the session, and presents its token on all nodes as soon as that is answered. */
  | "revoke"
  | "revoke all"
  | "disable"
  | "list"
  /** Comes back as a remembered browser, the session lost. */
  | "resume"
  /** The same in many tabs at once. */
  | "resume everywhere";

/** How large a race is. */
export interface Size {
  /** How many steps, of all workers together. */
  readonly steps: number;
  /** How many steps are under way at once. */
  readonly workers: number;
  readonly nodes: number;
}

/** What the browsers of one user may do, and how many they are. */
export interface Household {
  /** The end of the user's name, from which `limitOf` reads how many sessions they may have. */
  readonly suffix: string;
  readonly browsers: number;
}

/** Few browsers, so that there is always somebody else who does something to the same session. */
export const households: readonly Household[] = [
  { suffix: "ada", browsers: 3 },
  { suffix: "bob-at-most-2", browsers: 3 },
  { suffix: "eve-at-most-1", browsers: 2 },
];

const browsers = households.reduce((sum, { browsers }) => sum + browsers, 0);

/** How often each deed is done compared with the others. */
const weights: Readonly<Record<Deed, number>> = {
  "sign in": 6,
  validate: 32,
  "validate again": 6,
  "validate former": 6,
  renew: 8,
  "renew everywhere": 3,
  reauthenticate: 2.5,
  write: 12,
  count: 6,
  revoke: 5,
  "revoke all": 1.5,
  disable: 1,
  list: 4,
  resume: 5,
  "resume everywhere": 2.5,
};

/** The steps of each worker. */
export function plan(seed: number, { steps, workers, nodes }: Size): Step[][] {
  const chance = chanceOf(seed);
  const worker = (_: unknown, index: number) => {
    const length = Math.floor(steps / workers) + (index < steps % workers ? 1 : 0);
    return Array.from({ length }, () => step(chance, nodes));
  };
  return Array.from({ length: workers }, worker);
}

function step(chance: Chance, nodes: number): Step {
  return {
    do: weighted(chance),
    browser: Math.floor(chance() * browsers),
    node: Math.floor(chance() * nodes),
    way: chance(),
    arrives: oneOf(chance, [true, true, true, true, false]),
  };
}

function weighted(chance: Chance): Deed {
  const total = Object.values(weights).reduce((sum, weight) => sum + weight, 0);
  let rest = chance() * total;
  for (const [deed, weight] of Object.entries(weights)) {
    rest -= weight;
    if (rest < 0) return deed as Deed;
  }
  return "validate";
}
