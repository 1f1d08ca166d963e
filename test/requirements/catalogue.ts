/** What is demanded of sessions from outside, as data: `docs/requirements.md` is written from it. */
import { asvs } from "./asvs.ts";
import { browsers } from "./browsers.ts";
import { nist } from "./nist.ts";
import { past } from "./past.ts";
import { wstg } from "./wstg.ts";

/** One demand. Either tests carry its id, or `open` says why none does. */
export interface Requirement {
  /** As tests write it: `ASVS 7.4.1`, `CVE-2025-46336`. */
  readonly id: string;
  /** ASVS tells three. */
  readonly level?: 1 | 2 | 3;
  /** What it asks for, or what went wrong and where, in our own words. */
  readonly demands: string;
  /** Where the tests do not show all of it: what else there is to know. */
  readonly note?: string;
  /** Why there is no test. A test that carries the id all the same is an error. */
  readonly open?: string;
}

/** Demands of one source. */
export interface Chapter {
  readonly title: string;
  readonly about: string;
  readonly requirements: readonly Requirement[];
}

export const catalogue: readonly Chapter[] = [...asvs, wstg, nist, ...browsers, past];
