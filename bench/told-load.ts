/** A child process that keeps a node busy. */
import { answer } from "./child.ts";
import { askEvenly } from "./even-load.ts";
import type { ToldNodeAddress } from "./told-node.ts";

export interface ToldLoadQuestion {
  readonly address: ToldNodeAddress;
  readonly perSecond: number;
  readonly milliseconds: number;
}

answer<ToldLoadQuestion>(({ address, perSecond, milliseconds }) =>
  askEvenly({ ...address, path: "/" }, perSecond, performance.now() + milliseconds),
);
