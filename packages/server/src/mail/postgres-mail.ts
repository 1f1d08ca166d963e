/** The outbox in PostgreSQL. Any number of servers may share it. */
import { randomBytes } from "node:crypto";
import type { Pool, QueryResult } from "pg";
import { ask, inTransaction, type Query } from "../storage/postgres-transaction.ts";
import type { Language } from "../words/language.ts";
import type { Device, EndLink, Mail, MailPreferences, QueuedMail } from "./mail.ts";
import { day, type MailStore } from "./mail-store.ts";

export class PostgresMail implements MailStore {
  readonly #pool: Pool;

  /** On tables that `migrateAccounts` made. */
  constructor(pool: Pool) {
    this.#pool = pool;
  }

  async enqueue(mail: Mail, now: number): Promise<void> {
    await add(this.#query, mail, now);
  }

  async noteDevice(
    userId: string,
    { name, network, hasCookie }: Device,
    now: number,
    mailFor: (newToday: number) => Mail | undefined,
  ): Promise<void> {
    // One device of a user after the other, or each would think that it is the first.
    const lock = "SELECT FROM coatcheck_users WHERE id = $1 FOR UPDATE";
    await inTransaction(this.#pool, [lock, userId], async (query) => {
      const seen = await query(
        `UPDATE coatcheck_known_devices SET last_seen_at = $5
         WHERE user_id = $1 AND name = $2 AND (network = $3 OR $4)`,
        [userId, name, network, hasCookie, now],
      );
      if (seen.rowCount !== 0) return true;
      await query(
        `INSERT INTO coatcheck_known_devices (user_id, name, network, first_seen_at, last_seen_at)
         VALUES ($1, $2, $3, $4, $4)`,
        [userId, name, network, now],
      );
      const { rows } = await query(
        `SELECT count(*)::integer AS count FROM coatcheck_known_devices
         WHERE user_id = $1 AND first_seen_at > $2`,
        [userId, now - day],
      );
      const mail = mailFor(rows[0].count);
      if (mail) await add(query, mail, now);
      return true;
    });
  }

  async forgetDevices(userId: string, except?: Pick<Device, "name" | "network">): Promise<void> {
    await this.#query(
      "DELETE FROM coatcheck_known_devices WHERE user_id = $1 AND NOT (name = $2 AND network = $3)",
      [userId, except?.name ?? "", except?.network ?? ""],
    );
  }

  async claim(now: number, until: number): Promise<QueuedMail | undefined> {
    const { rows } = await this.#query(
      `UPDATE coatcheck_outbox SET due_at = $2, attempts = attempts + 1
       WHERE id = (SELECT id FROM coatcheck_outbox WHERE due_at <= $1
                   ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED)
       RETURNING id, mail, queued_at, attempts`,
      [now, until],
    );
    const [row] = rows;
    return (
      row && {
        id: row.id,
        mail: JSON.parse(row.mail) as Mail,
        queuedAt: Number(row.queued_at),
        attempts: row.attempts,
      }
    );
  }

  async remove({ id, attempts }: QueuedMail): Promise<void> {
    await this.#query("DELETE FROM coatcheck_outbox WHERE id = $1 AND attempts = $2", [id, attempts]);
  }

  async postpone({ id, attempts }: QueuedMail, dueAt: number): Promise<void> {
    await this.#query("UPDATE coatcheck_outbox SET due_at = $3 WHERE id = $1 AND attempts = $2", [
      id,
      attempts,
      dueAt,
    ]);
  }

  async addEndLink(codeHash: string, link: EndLink, expiresAt: number): Promise<void> {
    await this.#query(
      `INSERT INTO coatcheck_end_links (code_hash, user_id, session_id, signed_in_at, expires_at)
       VALUES ($1, $2, $3, $4, $5)`,
      [codeHash, link.userId, link.sessionId ?? null, link.signedInAt, expiresAt],
    );
  }

  async findEndLink(codeHash: string, now: number): Promise<EndLink | undefined> {
    const { rows } = await this.#query(
      "SELECT user_id, session_id, signed_in_at FROM coatcheck_end_links WHERE code_hash = $1 AND expires_at > $2",
      [codeHash, now],
    );
    const [row] = rows;
    if (!row) return undefined;
    const { user_id: userId, session_id, signed_in_at } = row;
    return { userId, sessionId: session_id ?? undefined, signedInAt: Number(signed_in_at) };
  }

  async useEndLink(codeHash: string, now: number): Promise<boolean> {
    const { rowCount } = await this.#query(
      "DELETE FROM coatcheck_end_links WHERE code_hash = $1 AND expires_at > $2",
      [codeHash, now],
    );
    return rowCount === 1;
  }

  async preferences(userId: string): Promise<MailPreferences> {
    const { rows } = await this.#query(
      "SELECT language, new_device FROM coatcheck_mail_preferences WHERE user_id = $1",
      [userId],
    );
    return { language: rows[0]?.language ?? undefined, newDevice: rows[0]?.new_device ?? true };
  }

  async setPreferences(userId: string, { language, newDevice }: Partial<MailPreferences>): Promise<void> {
    await this.#query(
      `INSERT INTO coatcheck_mail_preferences AS known (user_id, language, new_device)
       VALUES ($1, $2, coalesce($3::boolean, true))
       ON CONFLICT (user_id) DO UPDATE
       SET language = coalesce($2, known.language), new_device = coalesce($3::boolean, known.new_device)`,
      [userId, language ?? null, newDevice ?? null],
    );
  }

  async learnLanguage(userId: string, language: Language): Promise<void> {
    await this.#query(
      `INSERT INTO coatcheck_mail_preferences AS known (user_id, language) VALUES ($1, $2)
       ON CONFLICT (user_id) DO UPDATE SET language = excluded.language WHERE known.language IS NULL`,
      [userId, language],
    );
  }

  async deleteExpired(now: number, unseenSince: number, batch: number): Promise<number> {
    const { rows } = await this.#query(
      `WITH links AS (
         DELETE FROM coatcheck_end_links WHERE code_hash IN
         (SELECT code_hash FROM coatcheck_end_links WHERE expires_at <= $1 LIMIT $3)
         RETURNING 1),
       devices AS (
         DELETE FROM coatcheck_known_devices WHERE (user_id, name, network) IN
         (SELECT user_id, name, network FROM coatcheck_known_devices WHERE last_seen_at < $2 LIMIT $3)
         RETURNING 1)
       SELECT (SELECT count(*) FROM links) + (SELECT count(*) FROM devices) AS removed`,
      [now, unseenSince, batch],
    );
    return Number(rows[0].removed);
  }

  readonly #query: Query = (text, values): Promise<QueryResult> => ask(this.#pool, text, values);
}

async function add(query: Query, mail: Mail, now: number): Promise<void> {
  await query(
    "INSERT INTO coatcheck_outbox (id, mail, queued_at, due_at, attempts) VALUES ($1, $2, $3, $3, 0)",
    [randomBytes(16).toString("base64url"), JSON.stringify(mail), now],
  );
}
