/**
 * The file of keys beside an embedded database: one line for each key, the newest first, and nobody else on the machine
 * may read it. Every version of it appears whole, by one link or rename; there is never half a file.
 */
import { randomBytes } from "node:crypto";
import {
  chmodSync,
  closeSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import type { Warn } from "coatcheck";
import { type DatedKey, firstKeys } from "./dated-key.ts";
import { keysProblem } from "./key-source.ts";

/** The file of keys cannot be used. */
export class KeyFileError extends Error {}

const heading = [
  "# Keys of coatcheck-server: keep them secret, and back them up with the database.",
  "# Each with the time from which it seals. Change them by coatcheck-server keys rotate.",
];

/** The keys of the file; made by now if there is none. Of several processes that make it at once, all get the same. */
export function openKeyFile(file: string, now: number, warn: Warn): readonly DatedKey[] {
  const known = readKeyFile(file);
  if (known) {
    closeToOthers(file, warn);
    return known;
  }
  asNewFile(file, firstKeys(now), (fresh) => {
    try {
      linkSync(fresh, file);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw unusable(file, error);
    } finally {
      rmSync(fresh);
    }
  });
  return readKeyFile(file)!;
}

/**
 * Undefined if there is no such file.
 * @throws KeyFileError if it cannot be read. Never shows what is in it.
 */
export function readKeyFile(file: string): readonly DatedKey[] | undefined {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw unusable(file, error);
  }
  const lines = text.split("\n").filter((line) => line.trim() !== "" && !line.startsWith("#"));
  const keys = lines.map(parseLine);
  const problem = keysProblem(keys.map(({ key }) => key));
  if (problem) throw damaged(file, problem);
  if (keys.some(({ sealsFrom }) => Number.isNaN(sealsFrom))) throw damaged(file, "A key has no time");
  return keys;
}

/** Puts other keys in place of those in the file. */
export function replaceKeyFile(file: string, keys: readonly DatedKey[]): void {
  asNewFile(file, keys, (fresh) => {
    try {
      renameSync(fresh, file);
    } catch (error) {
      rmSync(fresh, { force: true });
      throw unusable(file, error);
    }
  });
}

function parseLine(line: string): DatedKey {
  const [key = "", time = ""] = line.trim().split(/\s+/);
  return { key, sealsFrom: Date.parse(time) };
}

/** Writes the keys to a new file beside `file`, down to the disk, and has it put into its place. */
function asNewFile(file: string, keys: readonly DatedKey[], place: (fresh: string) => void): void {
  const lines = keys.map(({ key, sealsFrom }) => `${key} ${new Date(sealsFrom).toISOString()}`);
  const fresh = `${file}.${randomBytes(6).toString("hex")}`;
  try {
    const descriptor = openSync(fresh, "wx", 0o600);
    try {
      writeSync(descriptor, [...heading, ...lines, ""].join("\n"));
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    rmSync(fresh, { force: true });
    throw unusable(file, error);
  }
  place(fresh);
}

/** Others could have read it, by a copy or a backup that lost its mode. */
function closeToOthers(file: string, warn: Warn): void {
  if (process.platform === "win32" || (statSync(file).mode & 0o077) === 0) return;
  chmodSync(file, 0o600);
  warn(
    `The keys in ${file} could be read by other users of this machine; now they cannot. If somebody may have: coatcheck-server keys rotate --retire-old`,
  );
}

function unusable(file: string, cause: unknown): KeyFileError {
  return new KeyFileError(
    `The keys in ${file} cannot be used: ${(cause as Error).message}. Make the file and its folder this user's, or set COATCHECK_SECRET.`,
    { cause },
  );
}

function damaged(file: string, problem: string): KeyFileError {
  return new KeyFileError(
    `The keys in ${file} are damaged: ${problem}. Restore the file; or delete it, and everybody has to sign in again.`,
  );
}
