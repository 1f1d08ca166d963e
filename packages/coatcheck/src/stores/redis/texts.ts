/** Texts by key. Those that are asked for in one turn of the event loop travel together. */
import { within } from "../../core/deadline.ts";
import { Gathered } from "../../core/gathered.ts";
import type { Connection } from "./connection.ts";

/** In one command: while Redis answers it, it answers nobody else. */
const mostKeys = 256;

/** Makes of the text under a key what is asked for; null where nothing is, or something that is no text. */
type Read<T> = (text: unknown, key: string) => T;

/** @param timeout how long an answer may take, in milliseconds. */
export function textsIn<T>(
  redis: Connection,
  read: Read<T>,
  timeout: () => number,
): (key: string) => Promise<T> {
  // In a cluster one command may only name keys of one slot, and two sessions seldom share one. It also refuses several
  // keys while their slot moves, and finds one.
  if (redis.isCluster)
    return async (key) => read((await within(timeout(), textsUnder(redis, [key])))[0], key);
  const gathered = new Gathered((keys: readonly string[]) => allTexts(redis, keys), read, timeout);
  return (key) => gathered.ask(key);
}

async function allTexts(redis: Connection, keys: readonly string[]): Promise<readonly unknown[]> {
  if (keys.length <= mostKeys) return textsUnder(redis, keys);
  const parts: Promise<readonly unknown[]>[] = [];
  for (let from = 0; from < keys.length; from += mostKeys) {
    parts.push(textsUnder(redis, keys.slice(from, from + mostKeys)));
  }
  return (await Promise.all(parts)).flat();
}

/** By MGET even for one: it passes over what is no text, where GET would fail. */
function textsUnder(redis: Connection, keys: readonly string[]): Promise<readonly unknown[]> {
  return redis.send(keys[0]!, ["MGET", ...keys]) as Promise<readonly unknown[]>;
}
