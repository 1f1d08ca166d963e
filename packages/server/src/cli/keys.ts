/** The commands for the server's keys. */
import { generateKey } from "coatcheck";
import { readConfig } from "../config.ts";
import { type DatedKey, firstKeys, idOf, promotionDelay, rotated, stateOf } from "../keys/dated-key.ts";
import { readKeyFile, replaceKeyFile } from "../keys/key-file.ts";
import { type Command, FailedError, jsonOption } from "./command.ts";
import { count, moment, printJson, printTable } from "./output.ts";

export const keysGenerate: Command = {
  name: "keys generate",
  summary: "Print a new key, for COATCHECK_SECRET",
  details: [
    "The server needs keys to seal its cookies. Beside an SQLite file it makes and keeps them itself; otherwise set",
    "COATCHECK_SECRET to what this prints, the same for all servers, and keep it secret.",
  ],
  async run() {
    console.log(generateKey());
  },
};

export const keysList: Command = {
  name: "keys list",
  summary: "List the keys by id, the newest first; never the keys themselves",
  details: ["A key that seals makes new cookies. One that opens is kept for the cookies that it sealed."],
  options: jsonOption,
  async run(given) {
    const now = Date.now();
    const keys = listedKeys(now);
    if (given.has("json")) {
      return printJson({
        keys: keys.map(({ id, state, since }) => ({
          id,
          state,
          sealsFrom: since === undefined ? null : new Date(since).toISOString(),
        })),
      });
    }
    printTable(
      ["KEY", "STATE", "SEALS FROM", "AGE"],
      keys.map(({ id, state, since }) => [
        id,
        state,
        since ? moment(since) : "",
        since ? age(since, now) : "",
      ]),
    );
  },
};

export const keysRotate: Command = {
  name: "keys rotate",
  summary: "Put a new key in front; the old ones still open what they sealed",
  details: [
    "Nobody is signed out, and running servers need no restart: they learn of the new key within seconds and begin to",
    "seal with it in a minute. An old key leaves 400 days after it was replaced, when no browser has a cookie of it.",
    "",
    "Keys that are given by COATCHECK_SECRET are changed where that is set; this prints how.",
  ],
  options: {
    "retire-old": {
      summary: "Keep no old key, because one may have leaked: everybody has to sign in again",
    },
    ...jsonOption,
  },
  async run(given) {
    const source = keysOf();
    const retire = given.has("retire-old");
    if (source.kind === "given") return printSteps(source.keys, retire, given.has("json"));
    const now = Date.now();
    const before = fileKeys(source.file);
    const after = retire ? firstKeys(now) : rotated(before, now);
    replaceKeyFile(source.file, after);
    const kept = new Set(after.map(({ key }) => key));
    const retired = before.filter(({ key }) => !kept.has(key)).map(({ key }) => idOf(key));
    const id = idOf(after[0]!.key);
    const sealsFrom = after[0]!.sealsFrom;
    if (given.has("json")) {
      return printJson({ id, sealsFrom: new Date(sealsFrom).toISOString(), retired });
    }
    console.log(retire ? retirement(id) : promotion(id));
    if (retired.length > 0) console.log(`Retired: ${retired.join(", ")}.`);
  },
};

function promotion(id: string): string {
  return (
    `The new key is ${id}. Running servers begin to seal with it in ${promotionDelay / 1000} seconds, ` +
    "and nobody is signed out."
  );
}

function retirement(id: string): string {
  return (
    `The new key is ${id}, and no other opens anything any more: within seconds everybody is signed out ` +
    "and has to sign in again."
  );
}

/** What this process cannot change: the environment of others. */
function printSteps(keys: readonly string[], retire: boolean, asJson: boolean): void {
  const fresh = generateKey();
  const steps = retire
    ? [fresh]
    : [[...keys.slice(0, 1), fresh, ...keys.slice(1)].join(), [fresh, ...keys].join()];
  if (asJson) printJson({ id: idOf(fresh), steps });
  else console.log(retire ? retireSteps(fresh) : rotateSteps(steps[0]!, steps[1]!));
}

function retireSteps(secret: string): string {
  return [
    "Set this on all servers and restart them. Everybody has to sign in again:",
    "",
    `COATCHECK_SECRET=${secret}`,
  ].join("\n");
}

function rotateSteps(learn: string, seal: string): string {
  return [
    "1. Set this on all servers and restart them, one after the other. They can open then what the new key seals:",
    "",
    `COATCHECK_SECRET=${learn}`,
    "",
    "2. When all of them have it, set this and restart them again. They seal with the new key then:",
    "",
    `COATCHECK_SECRET=${seal}`,
    "",
    "With a single server, the second step is enough. Take an old key away 400 days after it was replaced, when no",
    "browser has a cookie of it. Nobody is signed out.",
  ].join("\n");
}

interface ListedKey {
  readonly id: string;
  readonly state: string;
  /** Unknown of keys in the environment, unless their id says it. */
  readonly since: number | undefined;
}

function listedKeys(now: number): readonly ListedKey[] {
  const source = keysOf();
  if (source.kind === "file") {
    return fileKeys(source.file).map((key, _, all) => ({
      id: idOf(key.key),
      state: stateOf(key, all, now),
      since: key.sealsFrom,
    }));
  }
  return source.keys.map((key, at) => ({
    id: idOf(key),
    state: at === 0 ? "seals" : "opens",
    since: dayOf(idOf(key)),
  }));
}

/** `generateKey` begins an id with the day. */
function dayOf(id: string): number | undefined {
  const [, year, month, day] = /^(\d{4})(\d{2})(\d{2})-/.exec(id) ?? [];
  const time = Date.parse(`${year}-${month}-${day}`);
  return Number.isNaN(time) ? undefined : time;
}

function age(since: number, now: number): string {
  return count(Math.max(0, Math.floor((now - since) / (24 * 60 * 60_000))), "day");
}

function keysOf() {
  const { keys } = readConfig(process.env, "tools");
  if (keys) return keys;
  throw new FailedError(
    "There are no keys: COATCHECK_SECRET is not set. Set it to what coatcheck-server keys generate prints.",
  );
}

function fileKeys(file: string): readonly DatedKey[] {
  const keys = readKeyFile(file);
  if (keys) return keys;
  throw new FailedError(`There are no keys at ${file} yet. The server makes them at its first start.`);
}
