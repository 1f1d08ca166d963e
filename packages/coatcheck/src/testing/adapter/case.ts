/** A promise that adapters keep, in words, and what proves it. */
import type { Stage, StageOptions } from "./stage.ts";

export type AdapterCase = (set: SetStage) => Promise<void>;

/** Plays on a stage with these options; without options, on that of an application that was given none. */
export type SetStage = (play: (stage: Stage) => Promise<void>, options?: StageOptions) => Promise<void>;

/** Promises by name. */
export type AdapterCases = Readonly<Record<string, AdapterCase>>;
