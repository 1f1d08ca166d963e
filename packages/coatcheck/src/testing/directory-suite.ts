/** The contract of directories as tests. */
import type { ProjectedDirectory } from "../core/session-directory.ts";
import { pages } from "./directory/promises/pages.ts";
import { projection } from "./directory/promises/projection.ts";
import { query } from "./directory/promises/query.ts";
import type { SearchedSessions } from "./directory/searched.ts";
import type { Contract } from "./store/case.ts";
import { describeContract, type StoreUnderTest } from "./store/contract.ts";

export type { SearchedSessions } from "./directory/searched.ts";

/** Everything that a directory promises: what about, in which words, and the proof. */
export const directoryPromises: Contract<SearchedSessions> = { query, pages };

/** What a projected directory promises beyond that. */
export const projectionPromises: Contract<ProjectedDirectory> = { projection };

/**
 * Tests a directory: `describeSessionDirectory("SQLite", { open })`, in a file that `node --test` runs. What happens to
 * sessions happens in the store beside it.
 * @throws TypeError if `skip` names a promise that there is not.
 */
export function describeSessionDirectory(name: string, directory: StoreUnderTest<SearchedSessions>): void {
  describeContract(`The directory of ${name}`, directoryPromises, directory);
}

/**
 * Tests where sessions that live elsewhere are noted, as `describeSessionDirectory` tests how they are searched.
 * @throws TypeError if `skip` names a promise that there is not.
 */
export function describeProjectedDirectory(
  name: string,
  directory: StoreUnderTest<ProjectedDirectory>,
): void {
  describeContract(`What is noted in ${name}`, projectionPromises, directory);
}
