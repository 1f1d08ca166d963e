/** The outbox in SQLite. */
import { randomBytes } from "node:crypto";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { inTransaction } from "../database.ts";
import type { Language } from "../words/language.ts";
import type { Device, EndLink, Mail, MailPreferences, QueuedMail } from "./mail.ts";
import { day, type MailStore } from "./mail-store.ts";

interface Row {
  readonly id: string;
  readonly mail: string;
  readonly queued_at: number;
  readonly attempts: number;
}

export class SqliteMail implements MailStore {
  readonly #database: DatabaseSync;
  readonly #enqueue: StatementSync;
  readonly #seeDevice: StatementSync;
  readonly #newDevice: StatementSync;
  readonly #forgetDevices: StatementSync;
  readonly #countNew: StatementSync;
  readonly #claim: StatementSync;
  readonly #remove: StatementSync;
  readonly #postpone: StatementSync;
  readonly #addEndLink: StatementSync;
  readonly #findEndLink: StatementSync;
  readonly #useEndLink: StatementSync;
  readonly #preferences: StatementSync;
  readonly #setPreferences: StatementSync;
  readonly #learnLanguage: StatementSync;
  readonly #expireLinks: StatementSync;
  readonly #expireDevices: StatementSync;

  /** On tables that `migrateAccounts` made. */
  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#enqueue = database.prepare(
      "INSERT INTO coatcheck_outbox (id, mail, queued_at, due_at, attempts) VALUES (?, ?, ?, ?, 0)",
    );
    this.#seeDevice = database.prepare(
      `UPDATE coatcheck_known_devices SET last_seen_at = ?1
       WHERE user_id = ?2 AND name = ?3 AND (network = ?4 OR ?5)`,
    );
    this.#newDevice = database.prepare(
      `INSERT INTO coatcheck_known_devices (user_id, name, network, first_seen_at, last_seen_at)
       VALUES (?1, ?2, ?3, ?4, ?4)`,
    );
    this.#forgetDevices = database.prepare(
      "DELETE FROM coatcheck_known_devices WHERE user_id = ?1 AND NOT (name = ?2 AND network = ?3)",
    );
    this.#countNew = database.prepare(
      "SELECT count(*) AS count FROM coatcheck_known_devices WHERE user_id = ? AND first_seen_at > ?",
    );
    this.#claim = database.prepare(
      `UPDATE coatcheck_outbox SET due_at = ?, attempts = attempts + 1
       WHERE id = (SELECT id FROM coatcheck_outbox WHERE due_at <= ? ORDER BY due_at LIMIT 1)
       RETURNING id, mail, queued_at, attempts`,
    );
    this.#remove = database.prepare("DELETE FROM coatcheck_outbox WHERE id = ? AND attempts = ?");
    this.#postpone = database.prepare("UPDATE coatcheck_outbox SET due_at = ? WHERE id = ? AND attempts = ?");
    this.#addEndLink = database.prepare(
      "INSERT INTO coatcheck_end_links (code_hash, user_id, session_id, signed_in_at, expires_at) VALUES (?, ?, ?, ?, ?)",
    );
    this.#findEndLink = database.prepare(
      "SELECT user_id, session_id, signed_in_at FROM coatcheck_end_links WHERE code_hash = ? AND expires_at > ?",
    );
    this.#useEndLink = database.prepare(
      "DELETE FROM coatcheck_end_links WHERE code_hash = ? AND expires_at > ?",
    );
    this.#preferences = database.prepare(
      "SELECT language, new_device FROM coatcheck_mail_preferences WHERE user_id = ?",
    );
    this.#setPreferences = database.prepare(
      `INSERT INTO coatcheck_mail_preferences (user_id, language, new_device) VALUES (?1, ?2, coalesce(?3, 1))
       ON CONFLICT (user_id) DO UPDATE
       SET language = coalesce(?2, language), new_device = coalesce(?3, new_device)`,
    );
    this.#learnLanguage = database.prepare(
      `INSERT INTO coatcheck_mail_preferences (user_id, language) VALUES (?, ?)
       ON CONFLICT (user_id) DO UPDATE SET language = excluded.language WHERE language IS NULL`,
    );
    this.#expireLinks = database.prepare(
      `DELETE FROM coatcheck_end_links WHERE code_hash IN
       (SELECT code_hash FROM coatcheck_end_links WHERE expires_at <= ? LIMIT ?)`,
    );
    this.#expireDevices = database.prepare(
      `DELETE FROM coatcheck_known_devices WHERE (user_id, name, network) IN
       (SELECT user_id, name, network FROM coatcheck_known_devices WHERE last_seen_at < ? LIMIT ?)`,
    );
  }

  async enqueue(mail: Mail, now: number): Promise<void> {
    this.#add(mail, now);
  }

  async noteDevice(
    userId: string,
    { name, network, hasCookie }: Device,
    now: number,
    mailFor: (newToday: number) => Mail | undefined,
  ): Promise<void> {
    inTransaction(this.#database, () => {
      if (this.#seeDevice.run(now, userId, name, network, Number(hasCookie)).changes > 0) return true;
      this.#newDevice.run(userId, name, network, now);
      const mail = mailFor(Number(this.#countNew.get(userId, now - day)?.count));
      if (mail) this.#add(mail, now);
      return true;
    });
  }

  async forgetDevices(userId: string, except?: Pick<Device, "name" | "network">): Promise<void> {
    this.#forgetDevices.run(userId, except?.name ?? "", except?.network ?? "");
  }

  async claim(now: number, until: number): Promise<QueuedMail | undefined> {
    const row = this.#claim.get(until, now) as Row | undefined;
    return (
      row && {
        id: row.id,
        mail: JSON.parse(row.mail) as Mail,
        queuedAt: row.queued_at,
        attempts: row.attempts,
      }
    );
  }

  async remove({ id, attempts }: QueuedMail): Promise<void> {
    this.#remove.run(id, attempts);
  }

  async postpone({ id, attempts }: QueuedMail, dueAt: number): Promise<void> {
    this.#postpone.run(dueAt, id, attempts);
  }

  async addEndLink(codeHash: string, link: EndLink, expiresAt: number): Promise<void> {
    this.#addEndLink.run(codeHash, link.userId, link.sessionId ?? null, link.signedInAt, expiresAt);
  }

  async findEndLink(codeHash: string, now: number): Promise<EndLink | undefined> {
    const row = this.#findEndLink.get(codeHash, now) as
      | { user_id: string; session_id: string | null; signed_in_at: number }
      | undefined;
    if (!row) return undefined;
    return { userId: row.user_id, sessionId: row.session_id ?? undefined, signedInAt: row.signed_in_at };
  }

  async useEndLink(codeHash: string, now: number): Promise<boolean> {
    return this.#useEndLink.run(codeHash, now).changes === 1;
  }

  async preferences(userId: string): Promise<MailPreferences> {
    const row = this.#preferences.get(userId) as
      | { language: Language | null; new_device: number }
      | undefined;
    return { language: row?.language ?? undefined, newDevice: row?.new_device !== 0 };
  }

  async setPreferences(userId: string, { language, newDevice }: Partial<MailPreferences>): Promise<void> {
    this.#setPreferences.run(userId, language ?? null, newDevice === undefined ? null : Number(newDevice));
  }

  async learnLanguage(userId: string, language: Language): Promise<void> {
    this.#learnLanguage.run(userId, language);
  }

  async deleteExpired(now: number, unseenSince: number, batch: number): Promise<number> {
    let removed = 0;
    inTransaction(this.#database, () => {
      removed += Number(this.#expireLinks.run(now, batch).changes);
      removed += Number(this.#expireDevices.run(unseenSince, batch).changes);
      return true;
    });
    return removed;
  }

  #add(mail: Mail, now: number): void {
    this.#enqueue.run(randomBytes(16).toString("base64url"), JSON.stringify(mail), now, now);
  }
}
