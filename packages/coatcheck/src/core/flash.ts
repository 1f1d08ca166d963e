/**
 * One-time messages. They lie beside the application's data, under keys that its schema never sees: a schema may refuse
 * or drop what it does not know.
 */
import { InvalidDataError } from "./errors.ts";
import { type DataChange, dataIn } from "./store.ts";
import { isObject, readIfWhole } from "./stored.ts";

/** Keys that the application cannot have, and never sees. */
const reserved = "coatcheck:";
const flash = `${reserved}flash:`;

/** In characters. */
const longestMessage = 2048;

export function isReserved(key: string): boolean {
  return key.startsWith(reserved);
}

/** The application's part of a session's data. */
export function ownData(text: string): Record<string, unknown> {
  const data = dataIn(text);
  if (!Object.keys(data).some(isReserved)) return data;
  return Object.fromEntries(Object.entries(data).filter(([key]) => !isReserved(key)));
}

/** The change that leaves a message, or takes it away. */
export function flashChange(name: string, message: string | undefined): DataChange {
  return new Map([[flash + name, message === undefined ? undefined : JSON.stringify(message)]]);
}

/** The message of this name in a session's data. */
export function flashIn(text: string, name: string): string | undefined {
  const data = readIfWhole(text, isObject) ?? {};
  const message = Object.hasOwn(data, flash + name) ? data[flash + name] : undefined;
  return typeof message === "string" ? message : undefined;
}

/**
 * @throws TypeError for what is no name or no text: anything else is for the session's data.
 * @throws InvalidDataError for a message of more than 2048 characters.
 */
export function assertFlash(name: string, message = ""): void {
  if (typeof name !== "string" || name === "" || typeof message !== "string") {
    throw new TypeError('A one-time message is a text under a name: flash("notice", "Saved")');
  }
  if (message.length <= longestMessage) return;
  throw new InvalidDataError([`a one-time message is longer than ${longestMessage} characters`]);
}
