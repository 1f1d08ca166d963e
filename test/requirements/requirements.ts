/** Reads what tests say that they prove, and holds it against the catalogue. */
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Chapter, catalogue } from "./catalogue.ts";
import { type Claim, claimsIn } from "./claims.ts";
import { pageOf } from "./page.ts";

const root = join(import.meta.dirname, "../..");
const sources = "{packages/*/test,packages/coatcheck/src/testing,examples,bench,scripts,test}/**/*.ts";

export const pagePath = "docs/requirements.md";

/** Everything that tests of this repository claim, by file and place. */
export function readClaims(): Claim[] {
  const known = new Set(idsOf(catalogue));
  return globSync(sources, {
    cwd: root,
    exclude: ["**/node_modules", "test/requirements", "test/requirements.test.ts"],
  })
    .sort()
    .flatMap((file) => claimsIn(file, readFileSync(join(root, file), "utf8"), known));
}

/** What `docs/requirements.md` has to be. */
export function requirementsPage(): string {
  return pageOf(catalogue, readClaims());
}

/** What is wrong between a catalogue and claims, one sentence for each fault. */
export function faultsOf(chapters: readonly Chapter[], claims: readonly Claim[]): string[] {
  const claimed = new Set(claims.map(({ id }) => id));
  const ids = idsOf(chapters);
  const known = new Set(ids);
  const requirements = chapters.flatMap(({ requirements }) => requirements);
  return [
    ...ids.filter((id, index) => ids.indexOf(id) !== index).map((id) => `${id} is twice in the catalogue`),
    ...claims
      .filter(({ id }) => !known.has(id))
      .map(({ id, file, name }) => `${file}: "${name}" claims ${id}, which is not in the catalogue`),
    ...requirements
      .filter(({ id, open }) => open === undefined && !claimed.has(id))
      .map(({ id }) => `${id} has neither a test nor a reason why not`),
    ...requirements
      .filter(({ id, open }) => open !== undefined && claimed.has(id))
      .map(({ id }) => `${id} is said to be open, and has a test`),
  ];
}

function idsOf(chapters: readonly Chapter[]): string[] {
  return chapters.flatMap(({ requirements }) => requirements.map(({ id }) => id));
}
