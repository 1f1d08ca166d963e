/** Another process on the same database: `node sqlite-process.ts <path> <deed>`. */
import { statSync, writeSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { SqliteSessionStore } from "../../src/stores/sqlite.ts";
import { beginning, sessionRecord } from "../../src/testing/record.ts";
import { evictAt } from "../../src/testing/store/expectations.ts";

const [path, deed] = process.argv.slice(2);
const store = new SqliteSessionStore(path!);

if (deed === "sign in often") {
  const ended: string[] = [];
  for (let round = 0; round < 40; round++) {
    const record = sessionRecord({ createdAt: beginning + round });
    const result = await store.insert(record, beginning, evictAt(3));
    if (!result.inserted) throw new Error(result.because);
    ended.push(...result.ended.map((one) => one.record.id));
  }
  console.log(JSON.stringify(ended));
  await store.close();
}

if (deed === "sign in and die") {
  await signIn();
  process.kill(process.pid, "SIGKILL");
}

if (deed === "sign everybody out") {
  await store.deleteByUser(sessionRecord().userId, "revoked", beginning);
  await store.close();
}

// By then the thread that checkpoints is running.
if (deed === "sign in, wait for a checkpoint and leave") {
  const { size } = statSync(path!);
  await signIn();
  while (statSync(path!).size === size) await setImmediate();
}

async function signIn(): Promise<void> {
  const record = sessionRecord();
  await store.insert(record, beginning);
  writeSync(process.stdout.fd, JSON.stringify(record));
}
