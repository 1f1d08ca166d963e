/**
 * Records by their ids: a hash table with open addressing, at most half full. For a `Map`, V8 would first look each id that was
 * cut from a request up among all texts that it knows, and a hit would take a quarter longer
 * (docs/decisions/0051-kept-records-have-a-table-of-their-own.md).
 */
import type { SessionRecord } from "../../core/store.ts";
import type { SessionId } from "../../core/token.ts";

const fewest = 16;

/** Of the end of an id, which is random, and ours: nobody can bring records about that stand in each other's way. */
const hashedLength = 6;

export class RecordTable {
  /** As many as a power of two. */
  #places: (SessionRecord | undefined)[] = free(fewest);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(id: SessionId): SessionRecord | undefined {
    return this.#places[this.#placeOf(id)];
  }

  set(record: SessionRecord): void {
    const place = this.#placeOf(record.id);
    const isNew = this.#places[place] === undefined;
    this.#places[place] = record;
    if (!isNew) return;
    this.#size += 1;
    if (this.#size * 2 > this.#places.length) this.#grow();
  }

  delete(id: SessionId): void {
    const places = this.#places;
    const mask = places.length - 1;
    let gap = this.#placeOf(id);
    if (places[gap] === undefined) return;
    this.#size -= 1;
    // Up to the next free place: who stands further from their own than the gap is moves into it.
    for (let place = (gap + 1) & mask; places[place] !== undefined; place = (place + 1) & mask) {
      const own = hashOf(places[place]!.id) & mask;
      if (((place - own) & mask) < ((place - gap) & mask)) continue;
      places[gap] = places[place];
      gap = place;
    }
    places[gap] = undefined;
  }

  clear(): void {
    this.#places = free(fewest);
    this.#size = 0;
  }

  /** As they are at this moment: they may be removed meanwhile. */
  values(): SessionRecord[] {
    return this.#places.filter((record) => record !== undefined);
  }

  /** Where the record of this id is, or would be put. */
  #placeOf(id: SessionId): number {
    const places = this.#places;
    const mask = places.length - 1;
    let place = hashOf(id) & mask;
    for (let record = places[place]; record && record.id !== id; record = places[place]) {
      place = (place + 1) & mask;
    }
    return place;
  }

  #grow(): void {
    const records = this.values();
    this.#places = free(this.#places.length * 2);
    for (const record of records) this.#places[this.#placeOf(record.id)] = record;
  }
}

function free(length: number): undefined[] {
  return new Array<undefined>(length).fill(undefined);
}

function hashOf(id: SessionId): number {
  let hash = 0;
  for (let at = id.length - hashedLength; at < id.length; at++) {
    hash = (Math.imul(hash, 61) + id.charCodeAt(at)) | 0;
  }
  return hash;
}
