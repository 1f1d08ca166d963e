/** Passwords are hashed behind everybody else. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { getPriority } from "node:os";
import { describe, test } from "node:test";
import { HashingThreads } from "../src/accounts/hashing-threads.ts";
import { PasswordHasher } from "../src/accounts/password-hasher.ts";

const parameters = { memoryCost: 1024, timeCost: 1, parallelism: 1 };

const onLinux = {
  skip: process.platform !== "linux" && "only Linux shows its threads, and gives each a priority",
};

describe("Passwords are hashed", () => {
  test(
    "by one thread of a lower priority; that of requests, and Node's own, keep theirs",
    onLinux,
    async () => {
      const before = priorities();
      assert.deepEqual(new Set(before), new Set([getPriority()]));
      await new PasswordHasher({ atOnce: 1 }).hash("tea kettle upstairs window");
      const lowered = priorities().filter((priority) => priority !== getPriority());
      assert.deepEqual(lowered, [Math.min(getPriority() + 10, 19)]);
      assert.equal(getPriority(), before[0]);
    },
  );

  test("by the same thread, one after another", onLinux, async () => {
    const threads = new HashingThreads();
    await threads.run({ password: "first", parameters });
    const count = readdirSync("/proc/self/task").length;
    await threads.run({ password: "second", parameters });
    assert.equal(readdirSync("/proc/self/task").length, count);
  });

  test("also where a sandbox forbids to lower a priority", onLinux, async () => {
    const own = new URL("../src/accounts/hashing-thread.ts", import.meta.url);
    const threads = new HashingThreads(
      program(`
        import { syncBuiltinESMExports } from "node:module";
        import os from "node:os";
        os.setPriority = () => { throw new Error("EPERM"); };
        syncBuiltinESMExports();
        await import(${JSON.stringify(own)});`),
    );
    const before = priorities();
    assert.match(`${await threads.run({ password: "tea kettle", parameters })}`, /^\$argon2id\$/);
    assert.deepEqual(new Set(priorities()), new Set(before));
  });

  test("on one core, only when whoever has the last answer has gone on", onLinux, () => {
    const module = new URL("../src/accounts/password-hasher.ts", import.meta.url);
    const code = `
      import { setImmediate as nextTurn } from "node:timers/promises";
      import { PasswordHasher } from ${JSON.stringify(module)};
      const hasher = new PasswordHasher({ waiting: 0 });
      await hasher.hash("tea kettle upstairs window");
      console.log(await hasher.hash("tea kettle upstairs window").then(() => "at once", (error) => error.constructor.name));
      await nextTurn();
      await nextTurn();
      await hasher.hash("tea kettle upstairs window");
      console.log("two turns later");`;
    const [core] = /(?<=^Cpus_allowed_list:\s*)\d+/m.exec(readFileSync("/proc/self/status", "latin1"))!;
    const { stdout, stderr } = spawnSync(
      "taskset",
      ["-c", core, process.execPath, "--input-type=module", "--eval", code],
      { encoding: "utf8" },
    );
    assert.equal(stderr, "");
    assert.equal(stdout, "HasherBusyError\ntwo turns later\n");
  });

  test("while the event loop turns", async () => {
    let turns = 0;
    const turn = setInterval(() => turns++, 1);
    await new PasswordHasher().hash("tea kettle upstairs window");
    clearInterval(turn);
    assert.ok(turns > 0);
  });
});

describe("A thread that ends", () => {
  test("takes along its own task only: the next one is done by another", async () => {
    const threads = new HashingThreads(
      program(`
        import { parentPort } from "node:worker_threads";
        parentPort.on("message", ({ password }) => {
          if (password === "deadly") process.exit();
          parentPort.postMessage({ value: true });
        });`),
    );
    assert.equal(await threads.run({ password: "x", parameters }), true);
    await assert.rejects(
      threads.run({ password: "deadly", parameters }),
      /thread that hashes passwords ended/,
    );
    assert.equal(await threads.run({ password: "x", parameters }), true);
  });

  test("says why, and not what the password was", async () => {
    const threads = new HashingThreads(program(`throw new Error("no such addon")`));
    await assert.rejects(threads.run({ password: "tea kettle", parameters }), /^Error: no such addon$/);
  });
});

function program(code: string): URL {
  return new URL(`data:text/javascript,${encodeURIComponent(code)}`);
}

/** Of all threads of this process. The 19th field of a stat is the nice value (proc(5)). */
function priorities(): number[] {
  return readdirSync("/proc/self/task").map((thread) => {
    const stat = readFileSync(`/proc/self/task/${thread}/stat`, "latin1");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[16]);
  });
}
