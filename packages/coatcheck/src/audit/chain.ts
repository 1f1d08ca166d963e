/** The chain of hashes over audit records: how it is made, and what verifying it finds. */
import { createHash } from "node:crypto";
import { sameHash } from "../core/token.ts";
import type { AuditRecord } from "./audit-record.ts";
import type { AuditSeal, AuditStore, SealedRecord } from "./audit-store.ts";
import { assertRetention, defaultRetention } from "./retention.ts";

/** The seal of a record that follows `previous`. */
export function sealAfter(previous: AuditSeal, record: AuditRecord): AuditSeal {
  return { position: previous.position + 1, hash: chainHash(previous.hash, record) };
}

/** SHA-256, in base64url, over a mark of this format, the hash before, and the record's canonical bytes. */
function chainHash(previous: string, record: AuditRecord): string {
  const bytes = `coatcheck-audit-1\n${previous}\n${canonical(record)}`;
  return createHash("sha256").update(bytes).digest("base64url");
}

/** A list in JSON: no two different records have the same text. */
function canonical(record: AuditRecord): string {
  const { id, at, event, userId, sessionId, client, reason, correlationId, details } = record;
  const fields = [id, at, event, userId, sessionId, client, reason, correlationId, details];
  return JSON.stringify(fields.map((field) => field ?? null));
}

/** A place where the chain does not hold. */
export interface AuditBreak {
  /**
   * - `changed`: what is here is not what was sealed here: it was edited, or moved here from another place; or the
   *   hash itself was.
   * - `missing`: records were deleted from here on, `count` of them.
   * - `surplus`: a record stands where the chain has no place.
   * - `rewritten`: the hash here is not the one that was published: the chain was made anew.
   * - `beginning`: the first `count` records are gone, and retention has not removed them: it always leaves one that is
   *   older than it allows, or the published one was among them. Where `retention` was raised, or `published` is older
   *   than it, that is the other explanation.
   */
  readonly problem: "changed" | "missing" | "surplus" | "rewritten" | "beginning";
  readonly position: number;
  /** How many positions are concerned, from `position` on. */
  readonly count: number;
  /** What stands there now; after the `beginning`, the first that is left. */
  readonly record?: AuditRecord;
}

/** What verifying found. */
export interface AuditVerification {
  readonly intact: boolean;
  /** The first of the breaks, at most 100. */
  readonly breaks: readonly AuditBreak[];
  /** How many records were compared with their hash. */
  readonly checked: number;
  /** When the first record happened that is still there, in milliseconds since the epoch; undefined if there is none. */
  readonly since: number | undefined;
  /** Where the chain begins: what came before was removed by retention. */
  readonly start: AuditSeal;
  /** Publish it where the database's owner cannot write: what it covers cannot be changed unnoticed from then on. */
  readonly head: AuditSeal;
}

/** How an audit is verified. */
export interface VerifyAuditOptions {
  /** A head that was published earlier, but not longer ago than `retention`: the chain must still lead to it. */
  readonly published?: AuditSeal;
  /** As `startAuditUpkeep` has it, in milliseconds. Default, as there, 400 days. */
  readonly retention?: number;
  /** The clock, in milliseconds since the epoch. Default `Date.now`. */
  readonly now?: () => number;
}

const batch = 500;
const mostBreaks = 100;
/** By how much the clock of the node that removed records may have been ahead, in milliseconds. */
const clockDifference = 5 * 60_000;

/**
 * Compares every sealed record with its hash, and every hash with the one before. Finds edits, deletions, insertions
 * and exchanged places, and a beginning that was cut off earlier than retention does. Reads in bounded steps; may run
 * while others append, seal and remove.
 *
 * It cannot see what happens to records before they are sealed, nor that somebody who may write to the database has
 * made the whole chain anew, has cut off its end with the notes about it, or has put in a record with an old date and
 * removed all before it: for that, compare with a `published` head.
 *
 * @throws TypeError if `retention` is less than a day.
 */
export async function verifyAudit(
  store: AuditStore,
  { published, retention = defaultRetention, now = Date.now }: VerifyAuditOptions = {},
): Promise<AuditVerification> {
  assertRetention(retention);
  let part = await store.chain(Number.NEGATIVE_INFINITY, batch);
  const walk = new Walk(part.start, published, now() - retention + clockDifference);
  while (part.records.length > 0) {
    walk.beginAt(part.start);
    for (const sealed of part.records) walk.pass(sealed, part.head);
    const { position } = part.records.at(-1)!;
    // Places that no number can hold are none of the chain's. That there are records is all there is to find.
    if (position > Number.MAX_SAFE_INTEGER) break;
    part = await store.chain(Math.max(position, Number.MIN_SAFE_INTEGER), batch);
    await new Promise((resolve) => setImmediate(resolve));
  }
  walk.beginAt(part.start);
  return walk.endAt(part.head);
}

class Walk {
  #start: AuditSeal;
  #last: AuditSeal;
  #checked = 0;
  #since: number | undefined;
  readonly #breaks: AuditBreak[] = [];
  readonly #published: AuditSeal | undefined;
  /** Of what is older, retention has removed as much as it likes. */
  readonly #limit: number;

  constructor(start: AuditSeal, published: AuditSeal | undefined, limit: number) {
    this.#start = start;
    this.#last = start;
    this.#published = published;
    this.#limit = limit;
    this.#compareWithPublished(start);
  }

  /** Retention may have overtaken the walk. */
  beginAt(start: AuditSeal): void {
    this.#start = start;
    if (start.position > this.#last.position) this.#last = start;
  }

  pass({ record, position, hash }: SealedRecord, head: AuditSeal): void {
    const isBeside = position <= this.#last.position || position > head.position;
    if (isBeside) this.#note({ problem: "surplus", position, count: 1, record });
    else this.#follow({ record, position, hash });
  }

  endAt(head: AuditSeal): AuditVerification {
    const { position, hash } = this.#last;
    if (this.#since === undefined) this.#noteBeginning();
    this.#notePassed(head.position + 1);
    if (position === head.position && !sameHash(hash, head.hash)) {
      this.#note({ problem: "changed", position, count: 1 });
    }
    const cut = this.#published && this.#published.position > head.position ? this.#published : undefined;
    if (cut) {
      const count = cut.position - head.position;
      this.#note({ problem: "missing", position: head.position + 1, count });
    }
    const breaks = this.#breaks;
    const found = { intact: breaks.length === 0, breaks, checked: this.#checked, since: this.#since };
    return { ...found, start: this.#start, head };
  }

  #follow({ record, position, hash }: SealedRecord): void {
    this.#notePassed(position);
    const expected = sealAfter({ ...this.#last, position: position - 1 }, record);
    // Behind a gap there is nothing to compare with: the gap is what was found.
    const follows = this.#last.position === position - 1;
    if (follows && !sameHash(expected.hash, hash)) {
      this.#note({ problem: "changed", position, count: 1, record });
    }
    this.#checked++;
    if (this.#since === undefined) this.#noteBeginning(record);
    this.#since ??= record.at;
    this.#last = { position, hash };
    this.#compareWithPublished(this.#last);
  }

  /** What lies between the last record and this position is gone. */
  #notePassed(position: number): void {
    const count = position - this.#last.position - 1;
    if (count > 0) this.#note({ problem: "missing", position: this.#last.position + 1, count });
  }

  /** Retention leaves a record that is older than its limit, and so also what was published within it. */
  #noteBeginning(first?: AuditRecord): void {
    const { position: count } = this.#start;
    if (count <= 0) return;
    const isOld = first !== undefined && first.at < this.#limit;
    const hasPublished = !this.#published || this.#published.position > count;
    if (isOld && hasPublished) return;
    this.#note({ problem: "beginning", position: 1, count, ...(first && { record: first }) });
  }

  #compareWithPublished({ position, hash }: AuditSeal): void {
    if (this.#published?.position !== position || sameHash(this.#published.hash, hash)) return;
    this.#note({ problem: "rewritten", position, count: 1 });
  }

  #note(found: AuditBreak): void {
    if (this.#breaks.length < mostBreaks) this.#breaks.push(found);
  }
}
