/** The real application on a real socket, in a folder of its own, with a clock that tests move. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { KeyRing, type SessionStore } from "coatcheck";
import { emailKey } from "../../src/accounts/email.ts";
import { PasswordHasher } from "../../src/accounts/password-hasher.ts";
import { type Administrator, readConfig } from "../../src/config.ts";
import { inUse } from "../../src/keys/dated-key.ts";
import { readKeyFile } from "../../src/keys/key-file.ts";
import { createLogger } from "../../src/request-log.ts";
import { type RunningServer, startServer } from "../../src/server.ts";
import { Visitor } from "./visitor.ts";

export const ada: Administrator = { email: "ada@example.com", password: "tea kettle upstairs window" };

export const withAda: Readonly<Record<string, string>> = {
  COATCHECK_ADMIN_EMAIL: ada.email,
  COATCHECK_ADMIN_PASSWORD: ada.password,
};

export interface TestServerOptions {
  /** Default: Ada is the administrator already. */
  readonly env?: Readonly<Record<string, string>>;
  readonly wrapStore?: (store: SessionStore) => SessionStore;
  /** How long connections that are kept alive stay open when it stops. Default 0: tests are many. */
  readonly lingering?: number;
}

export class TestServer {
  readonly running: RunningServer;
  /** Milliseconds since the epoch; moves only when a test moves it. */
  readonly clock: { now: number };
  readonly #folder: string;
  readonly #lines: readonly string[];

  constructor(running: RunningServer, clock: { now: number }, folder: string, lines: readonly string[]) {
    this.running = running;
    this.clock = clock;
    this.#folder = folder;
    this.#lines = lines;
  }

  get origin(): string {
    return this.running.origin;
  }

  /** The file of its database. */
  get database(): string {
    return databaseIn(this.#folder);
  }

  /** Everything that was logged. */
  get logs(): string {
    return this.#lines.join("");
  }

  /** What seals the server's cookies: for tests that look into one, or make one. */
  get keys(): KeyRing {
    return new KeyRing(inUse(readKeyFile(`${databaseIn(this.#folder)}.keys`)!, this.clock.now));
  }

  /** The ticket in a browser's cookie: the public id of its session, and what opens it. */
  ticketOf({ cookie }: Visitor): readonly [id: string, family: string, secret: string] {
    const ticket = this.keys.open("session", "__Host-session", cookie!, this.clock.now)!;
    return ticket.split(".") as [string, string, string];
  }

  /** A browser without cookies. */
  visitor(userAgent?: string): Visitor {
    return new Visitor(this.origin, userAgent);
  }

  /** A browser in which Ada is signed in. */
  async signedIn(): Promise<Visitor> {
    const visitor = this.visitor();
    await visitor.signIn(ada);
    return visitor;
  }

  /** Adds a user straight to the database. */
  async addUser({ email, password }: Administrator): Promise<void> {
    const hash = await new PasswordHasher().hash(password);
    const values = [`id of ${email}`, email, emailKey(email), hash, '["user"]'];
    const at = this.clock.now - 40 * 24 * 60 * 60_000;
    this.sql(`INSERT INTO coatcheck_users VALUES (?, ?, ?, ?, 1, ${at}, ?, 0, ${at})`, ...values);
  }

  /** Runs SQL in the server's database. */
  sql(statement: string, ...values: string[]): Record<string, unknown>[] {
    const database = new DatabaseSync(databaseIn(this.#folder));
    try {
      return database.prepare(statement).all(...values);
    } finally {
      database.close();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.running.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

export async function startTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const { env = withAda, wrapStore, lingering = 0 } = options;
  const folder = await mkdtemp(join(tmpdir(), "coatcheck-server-"));
  const config = readConfig({ PORT: "0", COATCHECK_DATABASE: `sqlite:${databaseIn(folder)}`, ...env });
  const clock = { now: Date.now() };
  const lines: string[] = [];
  const running = await startServer(config, {
    logger: createLogger({ write: (line) => void lines.push(line) }),
    now: () => clock.now,
    lingering,
    ...(wrapStore && { wrapStore }),
  });
  return new TestServer(running, clock, folder, lines);
}

function databaseIn(folder: string): string {
  return join(folder, "data", "coatcheck.db");
}
