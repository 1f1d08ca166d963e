/**
 * Breaks each rule on purpose, one at a time, and shows that a test notices it: `npm run mutants`. Only the mutants in
 * whose row one of the words stands: `npm run mutants -- judge B9`. See docs/mutants.md.
 */
import type { NamedMutant } from "../test/mutants/mutant.ts";
import { type Trial, tryMutants } from "../test/mutants/run.ts";
import { mutants } from "../test/mutants/table.ts";

const words = process.argv.slice(2);
const chosen = mutants.filter((mutant) => words.length === 0 || words.some((word) => stands(word, mutant)));
const begun = performance.now();

const trials = await tryMutants(chosen, ({ mutant, verdict, because }, done) => {
  const mark = verdict === "killed" ? "✔" : "✖";
  console.error(`${`${done}`.padStart(4)} of ${chosen.length} ${mark} ${mutant.area}: ${mutant.name}`);
  if (verdict !== "killed") console.error(`       ${verdict}${because ? `: ${because}` : ""}`);
});
conclude();

function stands(word: string, { area, name, breaks, file, killedBy }: NamedMutant): boolean {
  const told = [area, name, file, ...killedBy].join("\n").toLowerCase();
  return breaks === word || told.includes(word.toLowerCase());
}

function conclude(): void {
  console.log(["", "| mutant | breaks | in | is to be killed by | is |", "|---|---|---|---|---|"].join("\n"));
  for (const trial of trials) console.log(`| ${cells(trial).join(" | ")} |`);
  const alive = trials.filter(({ verdict }) => verdict !== "killed");
  const seconds = ((performance.now() - begun) / 1000).toFixed(1);
  console.log(`\n${trials.length - alive.length} killed, ${alive.length} not, in ${seconds} s`);
  if (chosen.length === 0) console.error(`No mutant has ${words.join(" or ")} in its row.`);
  process.exitCode = alive.length > 0 || chosen.length === 0 ? 1 : 0;
}

function cells({ mutant, verdict }: Trial): string[] {
  const { area, name, breaks, file, killedBy } = mutant;
  const [testFile, test] = killedBy;
  return [`${area}: ${name}`, breaks, file, `${test} (${testFile})`, verdict];
}
