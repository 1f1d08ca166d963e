/** Changes of what a session holds: its data, and the one-time messages beside them. */
import { DataConflictError } from "./errors.ts";
import { flashChange, flashIn } from "./flash.ts";
import type { House } from "./house.ts";
import { liveRecord } from "./live-session.ts";
import { dataIn, type SessionChange, type SessionRecord } from "./store.ts";
import type { SessionId } from "./token.ts";

/** Data may have many writers at once; each round one of them wins. */
const maximumAttempts = 100;

/** A change of the data, key by key, or how it follows from the data as they are. */
type Patch<D> = Partial<D> | ((data: D) => Partial<D>);

/** False if the session is gone. */
export async function updateData<D>(house: House<D>, id: SessionId, patch: Patch<D>): Promise<boolean> {
  const { data } = house;
  const written = await write(house, id, (record) => {
    const wanted = typeof patch === "function" ? patch(house.dataOf(record)) : patch;
    const { change, whole } = data.change(record, wanted);
    const update = { data: change, ...(whole && { dataVersion: data.version }) };
    return { change: update, asRead: whole || typeof patch === "function" };
  });
  return written !== undefined;
}

/** False if the session is gone. */
export async function leaveFlash(
  house: House,
  id: SessionId,
  name: string,
  message: string,
): Promise<boolean> {
  const data = flashChange(name, message);
  const left = await write(house, id, (record) => {
    // Throws where it would be written into data that nobody can read.
    dataIn(record.data);
    return { change: { data }, asRead: false };
  });
  return left !== undefined;
}

/** Of many who ask at once, exactly one gets it. */
export async function takeFlash(house: House, id: SessionId, name: string): Promise<string | undefined> {
  const data = flashChange(name, undefined);
  const taken = await write(house, id, (record) =>
    flashIn(record.data, name) === undefined ? undefined : { change: { data }, asRead: true },
  );
  return taken && flashIn(taken.data, name);
}

interface DataWrite {
  readonly change: SessionChange;
  /** Whether the data must still be as they were read. */
  readonly asRead: boolean;
}

/**
 * Writes what is decided about the data of a session as it was read, and decides anew if that has changed meanwhile
 * and must not have. Gives the record as it was read; undefined if nothing was written.
 */
async function write(
  house: House,
  id: SessionId,
  decide: (record: SessionRecord) => DataWrite | undefined,
): Promise<SessionRecord | undefined> {
  for (let attempt = 0; attempt < maximumAttempts; attempt++) {
    const record = await liveRecord(house, id);
    const decision = record && decide(record);
    if (!decision) return undefined;
    const { change, asRead } = decision;
    const condition = asRead ? { dataRevision: record.dataRevision } : undefined;
    const written = await house.store.update(id, change, house.now(), condition);
    if (written || !asRead) return written ? record : undefined;
  }
  throw new DataConflictError();
}
