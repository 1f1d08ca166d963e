/**
 * A session layer as many are, on a store that can only "insert or overwrite": each change loads a row, changes it and
 * writes it back. Nothing of it is wrong while nobody else does anything. `node naive-node.ts <path>`
 */
import { randomBytes } from "node:crypto";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as delay } from "node:timers/promises";
import type { Opened, Refused, Renewed, Resumed, SignedIn } from "../../src/testing/race/history.ts";
import { type EndListener, limitOf, type RaceNode, type SignInOptions } from "../../src/testing/race/node.ts";
import { serveRaceNode } from "../../src/testing/race/serve-node.ts";

interface Row {
  readonly id: string;
  readonly user: string;
  token: string;
  remember: string | undefined;
  seen: number;
  data: Record<string, number>;
}

class NaiveNode implements RaceNode {
  readonly #db: DatabaseSync;
  #told: EndListener = () => {};

  constructor(path: string) {
    this.#db = new DatabaseSync(path, { timeout: 5_000 });
    this.#db.exec(
      "PRAGMA journal_mode = WAL; CREATE TABLE IF NOT EXISTS session (id TEXT PRIMARY KEY, row TEXT)",
    );
  }

  async signIn(user: string, { remember, stillValid }: SignInOptions): Promise<SignedIn | Refused> {
    if (!(await stillValid())) return { refused: "sign-in-outdated" };
    const sessions = await this.#sessionsOf(user);
    const oldest = sessions.toSorted((a, b) => a.seen - b.seen)[0];
    if (oldest && sessions.length >= limitOf(user)) await this.revoke(oldest.id);
    const id = secret();
    const row = {
      id,
      user,
      token: secret(),
      remember: remember ? secret() : undefined,
      seen: Date.now(),
      data: {},
    };
    await this.#save(row);
    return { session: id, token: row.token, ...(row.remember && { remember: row.remember }) };
  }

  async validate(token: string): Promise<Opened | Refused> {
    const row = await this.#find((each) => each.token === token);
    if (!row) return { refused: "unknown" };
    row.seen = Date.now();
    await this.#save(row);
    return { session: row.id, superseded: false, data: row.data };
  }

  async renew(token: string): Promise<Renewed> {
    const row = await this.#find((each) => each.token === token);
    if (!row) return {};
    row.token = secret();
    await this.#save(row);
    return { successor: row.token };
  }

  async resume(remember: string): Promise<Resumed | Refused> {
    const row = await this.#find((each) => each.remember === remember);
    if (!row) return { refused: "unknown" };
    const { user } = row;
    const next = { id: secret(), user, token: secret(), remember: secret(), seen: Date.now(), data: {} };
    row.remember = undefined;
    await this.#save(row);
    await this.#save(next);
    return { session: next.id, token: next.token, remember: next.remember };
  }

  async write(session: string, key: string, value: number): Promise<boolean> {
    return this.#change(session, (data) => {
      data[key] = value;
    });
  }

  async count(session: string, key: string): Promise<boolean> {
    return this.#change(session, (data) => {
      data[key] = (data[key] ?? 0) + 1;
    });
  }

  async revoke(session: string): Promise<boolean> {
    const row = await this.#find(({ id }) => id === session);
    if (!row) return false;
    this.#db.prepare("DELETE FROM session WHERE id = ?").run(session);
    this.#told(session, "revoked");
    return true;
  }

  async revokeAll(user: string, { except }: { readonly except?: string }): Promise<number> {
    const sessions = (await this.#sessionsOf(user)).filter(({ id }) => id !== except);
    for (const { id } of sessions) await this.revoke(id);
    return sessions.length;
  }

  async list(user: string): Promise<string[]> {
    return (await this.#sessionsOf(user)).map(({ id }) => id);
  }

  onEnd(listener: EndListener): void {
    this.#told = listener;
  }

  async #change(session: string, change: (data: Row["data"]) => void): Promise<boolean> {
    const row = await this.#find(({ id }) => id === session);
    if (!row) return false;
    change(row.data);
    await this.#save(row);
    return true;
  }

  async #sessionsOf(user: string): Promise<Row[]> {
    return (await this.#rows()).filter((row) => row.user === user);
  }

  async #find(is: (row: Row) => boolean): Promise<Row | undefined> {
    return (await this.#rows()).find(is);
  }

  async #rows(): Promise<Row[]> {
    const rows = this.#db.prepare("SELECT row FROM session").all();
    // The way to a database takes time.
    await delay(1);
    return rows.map(({ row }) => JSON.parse(String(row)));
  }

  async #save(row: Row): Promise<void> {
    await delay(1);
    this.#db.prepare("INSERT OR REPLACE INTO session VALUES (?, ?)").run(row.id, JSON.stringify(row));
  }
}

function secret(): string {
  return randomBytes(16).toString("base64url");
}

await serveRaceNode(() => new NaiveNode(process.argv[2]!));
