import assert from "node:assert/strict";
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { gatheredLines } from "../src/gathered-lines.ts";
import { createLogger } from "../src/request-log.ts";

/** A hanging one has failed. */
const timeout = 20_000;

/** Linux has a file that is always full. */
const full = "/dev/full";

test("Log lines wait a tenth of a second for others, and no longer.", { timeout }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "coatcheck-log-"));
  const path = join(folder, "log");
  const fd = openSync(path, "a");
  t.after(() => {
    closeSync(fd);
    rmSync(folder, { recursive: true });
  });
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const logger = createLogger(gatheredLines(fd));
  const written = () => readFileSync(path, "utf8").split("\n").slice(0, -1);

  logger.info({ number: 1 });
  t.mock.timers.tick(99);
  logger.info({ number: 2 });
  await nextTurn();
  assert.deepEqual(written(), []);

  t.mock.timers.tick(1);
  while (written().length < 2) await nextTurn();
  logger.info({ number: 3 });
  t.mock.timers.tick(100);
  while (written().length < 3) await nextTurn();
  assert.deepEqual(
    written().map((line) => JSON.parse(line).number),
    [1, 2, 3],
  );
});

test("A log line that comes while others are written waits for no further one.", { timeout }, async (t) => {
  const program = start(
    t,
    `logger.info("x".repeat(500_000)); // More than a pipe holds: it is being written until somebody reads.
    logger.info("last");
    setTimeout(() => console.log("its time is over"), 100); // As long as that of the log, and set later: it ends later.
    setInterval(() => {}, 1_000);`,
  );
  await once(program.stdout, "data");
  let read = "";
  for await (const chunk of program.stderr) {
    read += chunk;
    if (read.includes(`"last"`)) break;
  }
  assert.match(read, /"x{500000}".*\n.*"last"/);
});

for (const [ending, code] of [
  ["it exits", `logger.info("last"); process.exit()`],
  [
    "nobody caught an exception",
    `process.on("uncaughtException", () => process.exit(1)); logger.info("last"); throw new Error()`,
  ],
  ["it has nothing more to do", `logger.info("last")`],
]) {
  test(`What a process has logged last is not lost when ${ending}.`, { timeout }, async (t) => {
    const { stderr } = start(t, `logger.info("first"); ${code}`);
    let read = "";
    for await (const chunk of stderr) read += chunk;
    assert.match(read, /"first".*\n.*"last"/);
  });
}

test("What a process has logged last is not lost when others were written before.", {
  timeout,
}, async (t) => {
  const { stdin, stderr } = start(t, endsWhenTold);
  let read = "";
  for await (const chunk of stderr) {
    if (read === "") stdin.write("end");
    read += chunk;
  }
  assert.match(read, /"first".*\n.*"last"/);
});

test("A log that nobody hears any more keeps no process that ends.", { timeout }, async (t) => {
  await assertEndsUnheard(start(t, endsWhenTold));
});

test("A log that nobody hears any more keeps no process that ends while it writes.", {
  timeout,
}, async (t) => {
  // Waits without an event loop, which is not told therefore that the first line was written.
  const program = start(
    t,
    `const { readSync } = await import("node:fs");
    logger.info("x".repeat(5_000));
    readSync(0, Buffer.alloc(3));
    logger.info("last");
    process.exit();`,
  );
  await assertEndsUnheard(program);
});

test("A log without room for a line keeps no process from ending.", {
  timeout,
  skip: !existsSync(full) && `There is no ${full} here`,
}, async (t) => {
  const log = openSync(full, "w");
  t.after(() => closeSync(log));
  const program = start(t, `logger.info("x".repeat(5_000)); setTimeout(() => process.exit(), 1)`, log);
  assert.deepEqual(await once(program, "exit"), [0, null]);
});

/** When it is told to, though whoever read its log has gone after the first lines. */
async function assertEndsUnheard(program: ChildProcessWithoutNullStreams): Promise<void> {
  await once(program.stderr, "data");
  program.stderr.destroy();
  await once(program.stderr, "close");
  program.stdin.write("end");
  assert.deepEqual(await once(program, "exit"), [0, null]);
}

const endsWhenTold = `
  logger.info("first");
  process.stdin.once("data", () => {
    logger.info("last");
    process.exit();
  });`;

function start(t: { after(done: () => void): void }, code: string, log: number | "pipe" = "pipe") {
  const module = new URL("../src/request-log.ts", import.meta.url);
  const program = `
    import { createLogger } from ${JSON.stringify(module)};
    const logger = createLogger();
    ${code}`;
  const started = spawn(process.execPath, ["--input-type=module", "--eval", program], {
    stdio: ["pipe", "pipe", log],
  }) as ChildProcessWithoutNullStreams;
  t.after(() => started.kill("SIGKILL"));
  return started;
}
