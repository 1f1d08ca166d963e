/** What the peers' rows import: installed by its own lockfile, for whoever measures them, and for nobody else. */
import { spawnSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";

const folder = join(import.meta.dirname, "peers");
const lockfile = join(folder, "package-lock.json");
/** npm writes it last. */
const installed = join(folder, "node_modules", ".package-lock.json");

export function installPeers(progress: (done: string) => void): void {
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lockfile).mtimeMs) return;
  progress("the peers are installed into bench/peers/node_modules");
  const { status } = spawnSync("npm", ["ci", "--ignore-scripts"], {
    cwd: folder,
    stdio: ["ignore", "ignore", "inherit"],
  });
  if (status !== 0) throw new Error(`npm ci in ${folder} ended with ${status}`);
}
