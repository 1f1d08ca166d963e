/**
 * `node bench/timing.ts`: whether the time of an answer tells who has an account (ASVS 6.3.8).
 *
 * The real server on this machine, asked over one connection: an unknown address, a wrong password, and a disabled account
 * with its right password, in another order each round; and the same three once they are throttled. Every two of them are
 * compared by a rank test. Ends with 1 if any two can be told apart. `--rounds N` asks more often than 400 times each.
 */
import { execFileSync } from "node:child_process";
import { randomInt } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { text } from "node:stream/consumers";
import { parseArgs } from "node:util";
import { startProgram } from "../test/servers/program.ts";
import { rankTest } from "./rank-test.ts";

const { values } = parseArgs({ options: { rounds: { type: "string", default: "400" } } });
const rounds = Number(values.rounds);
if (!(rounds >= 20)) throw new TypeError("--rounds must be a number from 20 on");

const password = "tea kettle upstairs window";
const kinds = {
  "unknown address": { email: "nobody@example.com", password },
  "wrong password": { email: "ada@example.com", password: "not the right password" },
  "disabled account": { email: "bob@example.com", password },
} as const;
type Kind = keyof typeof kinds;
type Times = Record<Kind, number[]>;

/** By chance alone, one in a hundred runs finds a difference where there is none. */
const chance = 0.01;

const folder = mkdtempSync(join(tmpdir(), "coatcheck-timing-"));
const file = join(folder, "coatcheck.db");
const program = join(import.meta.dirname, "../packages/server/src/main.ts");
const env = {
  COATCHECK_DATABASE: `sqlite:${file}`,
  // Each request says that it comes from elsewhere: only accounts are throttled.
  COATCHECK_TRUST_PROXY: "loopback",
};

try {
  command(["users", "add", "ada@example.com", "--password-stdin"]);
  command(["users", "add", "bob@example.com", "--password-stdin"]);
  command(["users", "disable", "bob@example.com"]);
  await using server = await startProgram(({ port }) => ({
    command: process.execPath,
    args: [program],
    env: { ...env, PORT: `${port}` },
  }));
  const { looked, throttled } = await measure(server.port);
  const found = [...tellApart("looked at", looked), ...tellApart("throttled", throttled)];
  console.log(found.length === 0 ? "\nNo two can be told apart by their time." : `\n${found.join("\n")}`);
  process.exitCode = found.length === 0 ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true });
}

function command(args: readonly string[]): void {
  execFileSync(process.execPath, [program, ...args], {
    env: { ...process.env, ...env },
    input: `${password}\n`,
    stdio: ["pipe", "ignore", "inherit"],
  });
}

async function measure(port: number): Promise<{ readonly looked: Times; readonly throttled: Times }> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const database = new DatabaseSync(file);
  const forget = database.prepare("DELETE FROM coatcheck_attempts");
  const [looked, throttled] = [noTimes(), noTimes()];
  try {
    for (let round = -10; round < rounds; round++) {
      forget.run();
      for (const kind of shuffled()) {
        const time = await timeOf(agent, port, kind, 401);
        // The first rounds warm everything up.
        if (round >= 0) looked[kind].push(time);
      }
    }
    forget.run();
    for (const kind of shuffled()) await throttle(agent, port, kind);
    // They are throttled for minutes, and asking prolongs nothing.
    for (let round = 0; round < rounds; round++) {
      for (const kind of shuffled()) throttled[kind].push(await timeOf(agent, port, kind, 429));
    }
  } finally {
    database.close();
    agent.destroy();
  }
  return { looked, throttled };
}

/** As if it had failed so often that it has to wait for long. */
async function throttle(agent: Agent, port: number, kind: Kind): Promise<void> {
  await timeOf(agent, port, kind, 401);
  const database = new DatabaseSync(file);
  database.exec("UPDATE coatcheck_attempts SET failures = 50 WHERE key LIKE 'account:%'");
  database.close();
}

async function timeOf(agent: Agent, port: number, kind: Kind, expected: number): Promise<number> {
  const body = JSON.stringify(kinds[kind]);
  const start = performance.now();
  const status = await new Promise<number>((resolve, reject) => {
    const headers = {
      "content-type": "application/json",
      "content-length": Buffer.byteLength(body),
      "x-forwarded-for": `198.18.${randomInt(256)}.${randomInt(256)}`,
    };
    request({ agent, port, host: "127.0.0.1", method: "POST", path: "/api/login", headers })
      .on("response", (response) => text(response).then(() => resolve(response.statusCode!), reject))
      .on("error", reject)
      .end(body);
  });
  const time = performance.now() - start;
  if (status !== expected) throw new Error(`${kind}: ${status} in place of ${expected}`);
  return time;
}

function tellApart(what: string, times: Times): string[] {
  console.log(`\n| ${what} | median | quartiles |\n|---|---|---|`);
  for (const [kind, sample] of Object.entries(times)) {
    const sorted = sample.toSorted((a, b) => a - b);
    const [low, median, high] = [0.25, 0.5, 0.75].map((share) => sorted[Math.floor(share * sorted.length)]!);
    console.log(`| ${kind} | ${ms(median!)} | ${ms(low!)} to ${ms(high!)} |`);
  }
  console.log(`\n| compared | earlier | p |\n|---|---|---|`);
  return pairs().flatMap(([one, other]) => {
    const { share, p } = rankTest(times[one], times[other]);
    console.log(`| ${one} with ${other} | ${(100 * share).toFixed(1)} % | ${p.toFixed(3)} |`);
    // Of six comparisons at once.
    return p < chance / 6 ? [`${one} can be told from ${other} (${what}).`] : [];
  });
}

function pairs(): [Kind, Kind][] {
  const all = Object.keys(kinds) as Kind[];
  return all.flatMap((one, index) => all.slice(index + 1).map((other): [Kind, Kind] => [one, other]));
}

function noTimes(): Times {
  return { "unknown address": [], "wrong password": [], "disabled account": [] };
}

function shuffled(): Kind[] {
  const left = Object.keys(kinds) as Kind[];
  return Array.from({ length: left.length }, () => left.splice(randomInt(left.length), 1)[0]!);
}

function ms(time: number): string {
  return `${time.toFixed(2)} ms`;
}
