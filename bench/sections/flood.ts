/** What a flood of sign-ins does to everybody else: the real server, with its real password hashing. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { startProgram } from "../../test/servers/program.ts";
import { Child } from "../child.ts";
import type { FloodAnswer, FloodQuestion } from "../flood-load.ts";
import { on } from "../machine.ts";
import type { Section } from "../section.ts";
import { type Figure, figure, percentile, ratio } from "../statistics.ts";
import { milliseconds, table, whole } from "../table.ts";

export interface FloodResult {
  readonly signInsPerSecond: Figure;
  readonly signIn: Figure;
  /** The share that was told to come back later. */
  readonly refused: number;
  readonly guarded: Readonly<
    Record<"quiet" | "flooded", Readonly<Record<"p50" | "p99" | "longest", Figure>>>
  >;
  /** The p99 in the flood as a multiple of the quiet one. */
  readonly times: Figure;
}

const password = "tea kettle upstairs window";
const people = 500;
/** How long it is quiet, and how long the flood lasts, in milliseconds. */
const spell = 3_000;
const spells = 6;
/** More than the server lets wait for their turn would be refused. */
const signInsAtOnce = 32;
const mostTimes = 3;

const server = join(import.meta.dirname, "../../packages/server/src/main.ts");

export const flood: Section<FloodResult> = {
  title: "A flood of sign-ins",
  takesLong: true,

  async measure(run) {
    const { folder } = await run.place("flood");
    const env = {
      COATCHECK_DATABASE: `sqlite:${join(folder, "coatcheck.db")}`,
      COATCHECK_TRUST_PROXY: "loopback",
    };
    const emails = addPeople(env);
    const [command, ...args] = on("measured", [process.execPath, server]);
    await using program = await startProgram(({ port }) => ({
      command: command!,
      args,
      env: { ...env, PORT: `${port}` },
    }));
    const load = new Child<FloodQuestion, FloodAnswer>("flood-load.ts", "load");
    const drive = (milliseconds: number, signIns: number) =>
      load.ask({ port: program.port, milliseconds, signIns, emails, password });
    const seen: Record<"quiet" | "flooded", FloodAnswer[]> = { quiet: [], flooded: [] };
    try {
      await drive(spell, signInsAtOnce);
      for (let round = 0; round < spells; round++) {
        seen.quiet.push(await drive(spell, 0));
        seen.flooded.push(await drive(spell, signInsAtOnce));
        run.progress(`flood: ${round + 1} of ${spells}`);
      }
    } finally {
      load.stop();
    }
    const signIns = seen.flooded.map((answer) => answer.signIns);
    return {
      signInsPerSecond: figure(signIns.map(({ length }) => (length * 1_000) / spell)),
      signIn: figure(signIns.map((took) => percentile(took, 0.5))),
      refused: shareRefused(seen.flooded),
      guarded: { quiet: latencies(seen.quiet), flooded: latencies(seen.flooded) },
      times: ratio(
        seen.flooded.map(({ guarded }) => percentile(guarded, 0.99)),
        seen.quiet.map(({ guarded }) => percentile(guarded, 0.99)),
      ),
    };
  },

  toMarkdown: ({ signInsPerSecond, signIn, refused, guarded, times }) => `${table(
    ["guarded requests", "p50", "p99", "longest"],
    Object.entries(guarded).map(([when, { p50, p99, longest }]) => [
      when,
      ...[p50, p99, longest].map(({ median }) => milliseconds(median)),
    ]),
  )}

The flood: ${signInsAtOnce} sign-ins at once, ${whole(signInsPerSecond.median)} a second, each ${milliseconds(signIn.median)}, ${(100 * refused).toFixed(1)} % refused. The p99 of everybody else is ${times.median.toFixed(1)} times its quiet value (${times.median < mostTimes ? "kept" : "missed"}: ${mostTimes}).`,
};

function shareRefused(answers: readonly FloodAnswer[]): number {
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const refused = sum(answers.map((answer) => answer.refused));
  return refused / (refused + sum(answers.map(({ signIns }) => signIns.length)));
}

function latencies(answers: readonly FloodAnswer[]) {
  const at = (share: number) => figure(answers.map(({ guarded }) => percentile(guarded, share)));
  return { p50: at(0.5), p99: at(0.99), longest: at(1) };
}

/** One by the server's own command, the others as copies: 500 passwords would take their time to hash. */
function addPeople(env: Readonly<Record<string, string>>): string[] {
  execFileSync(process.execPath, [server, "users", "add", "person-0@example.com", "--password-stdin"], {
    env: { ...process.env, ...env },
    input: `${password}\n`,
    stdio: ["pipe", "ignore", "inherit"],
  });
  const database = new DatabaseSync(env.COATCHECK_DATABASE!.slice("sqlite:".length));
  const copy = database.prepare(
    `INSERT INTO coatcheck_users SELECT id || $number, replace(email, '-0@', $number), replace(email_key, '-0@', $number),
       password_hash, credential_version, credentials_changed_at, roles, disabled, created_at
     FROM coatcheck_users WHERE email LIKE 'person-0@%'`,
  );
  for (let number = 1; number < people; number++) copy.run({ number: `-${number}@` });
  database.close();
  return Array.from({ length: people }, (_, number) => `person-${number}@example.com`);
}
