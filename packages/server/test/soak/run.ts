/** `npm run soak`: the server under everything at once, for 2 minutes or as long as is said, and what it came to. */
import { parseArgs } from "node:util";
import { startPostgres } from "../../../../test/servers/postgres.ts";
import { startRedis } from "../../../../test/servers/redis.ts";
import type { Settings } from "../support/command-line.ts";
import { broken } from "./promises.ts";
import { soak } from "./soak.ts";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "2" },
    users: { type: "string", default: "10000" },
    store: { type: "string", default: "sqlite" },
  },
});

await using stack = new AsyncDisposableStack();
const report = await soak({
  seconds: 60 * Number(values.minutes),
  users: Number(values.users),
  residents: Math.trunc(Number(values.users) / 2),
  settings: await stores(values.store),
  onProgress: (line) => console.log(line),
});

console.log("\nAnswers:");
for (const [what, times] of [...report.answers].sort()) console.log(`  ${what.padEnd(16)} ${times}`);
console.log(`
Guarded requests: p50 ${report.p50.toFixed(1)} ms, p99 ${report.p99.toFixed(1)} ms
Event loop:       p99 ${report.delay.toFixed(1)} ms late (wanted: under 20 ms)
SIGTERM:          ${report.stop.answered} requests answered after it, ${report.stop.dropped.length} dropped`);
const failures = broken(report);
for (const failure of failures) console.error(`\n${failure}`);
console.log(
  failures.length === 0 ? "\nEvery promise was kept." : `\n${failures.length} promises were broken.`,
);
process.exitCode = failures.length === 0 ? 0 : 1;

async function stores(name: string): Promise<Settings> {
  if (name === "sqlite") return {};
  const { url: COATCHECK_DATABASE } = stack.use(await startPostgres());
  if (name === "postgres") return { COATCHECK_DATABASE };
  if (name !== "redis") throw new TypeError("--store is sqlite, postgres, or redis beside a postgres");
  return { COATCHECK_DATABASE, COATCHECK_SESSIONS: stack.use(await startRedis()).url };
}
