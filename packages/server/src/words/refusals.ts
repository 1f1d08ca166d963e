/** What there is to say when the answer is no, in each language. */
import type { EndReason } from "coatcheck";
import type { Fault } from "../accounts/fault.ts";

export interface RefusalWords {
  readonly faults: Readonly<Record<Fault, string>>;
  /** Follows "You were signed out because". */
  readonly endReasons: Readonly<Record<EndReason, string>>;
  /** By the name at the end of the problem's type; `other` is for those that no form of ours leads to. */
  readonly problems: Readonly<Record<string, PageOfProblem>> & { readonly other: PageOfProblem };
  readonly toStart: string;
  readonly requestNumber: string;
}

export interface PageOfProblem {
  readonly title: string;
  readonly text: string;
}
