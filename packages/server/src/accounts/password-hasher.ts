/** Hashes passwords with argon2id, a bounded number at a time. */
import { randomBytes } from "node:crypto";
import { availableParallelism } from "node:os";
import { hashSync, parseOptions } from "@node-rs/argon2";
import { HashingThreads } from "./hashing-threads.ts";
import { longestPassword, normalizePassword } from "./password-rules.ts";

/** OWASP's first recommendation for argon2id: 19 MiB, two passes, one lane. */
const parameters = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/**
 * There, whoever has an answer goes on before the next hash begins, and writes a session in the next turn. For each thread that
 * wakes meanwhile, as the one that writes to the disk, Linux would let a hash go first, for 3 ms (docs/decisions/0028).
 */
const isOneCore = availableParallelism() === 1;

/** More sign-ins at once than the server hashes in bearable time: nobody was refused, come back later. */
export class HasherBusyError extends Error {
  readonly retryAfterSeconds = 2;

  constructor() {
    super("Too many passwords are being checked at once");
  }
}

export interface HasherLimits {
  /** How many hashes are computed at the same time. */
  readonly atOnce?: number;
  /** How many more may wait. Beyond it callers get a `HasherBusyError`. */
  readonly waiting?: number;
}

/**
 * The one place that hashes. The bound keeps a flood of sign-ins from taking all cores, and 19 MiB each; on threads of
 * a low priority it leaves everybody else's requests as fast as they were.
 */
export class PasswordHasher {
  readonly #atOnce: number;
  readonly #waiting: number;
  readonly #queue: (() => void)[] = [];
  readonly #threads: HashingThreads = new HashingThreads();
  readonly #decoy: string = hashSync(randomBytes(32), parameters);
  #running = 0;

  constructor(limits: HasherLimits = {}) {
    this.#atOnce = limits.atOnce ?? Math.max(1, Math.min(3, availableParallelism() - 1));
    this.#waiting = limits.waiting ?? 200;
  }

  hash(password: string): Promise<string> {
    return this.#inTurn(() =>
      this.#threads.run({ password: normalizePassword(password), parameters }),
    ) as Promise<string>;
  }

  /**
   * Whether the password is the one behind the hash. Without a hash (no such user) it does the same work and says
   * no: how long the answer takes must not tell who has an account.
   */
  async verify(passwordHash: string | undefined, password: string): Promise<boolean> {
    const right = await this.#inTurn(() =>
      this.#threads.run({
        password: clip(normalizePassword(password)),
        passwordHash: passwordHash ?? this.#decoy,
      }),
    );
    return right === true && passwordHash !== undefined;
  }

  /** Whether a hash was made under other parameters than today's. */
  isOutdated(passwordHash: string): boolean {
    const { algorithm, memoryCost, timeCost, parallelism } = parseOptions(passwordHash);
    const argon2id = 2;
    return (
      algorithm !== argon2id ||
      memoryCost !== parameters.memoryCost ||
      timeCost !== parameters.timeCost ||
      parallelism !== parameters.parallelism
    );
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running >= this.#atOnce) await this.#turn();
    else this.#running++;
    try {
      return await work();
    } finally {
      if (isOneCore) setImmediate(() => setImmediate(() => this.#handOver()));
      else this.#handOver();
    }
  }

  /** The place is handed over, not freed: nobody can slip in between. */
  #handOver(): void {
    const next = this.#queue.shift();
    if (next) next();
    else this.#running--;
  }

  #turn(): Promise<void> {
    if (this.#queue.length >= this.#waiting) throw new HasherBusyError();
    return new Promise((resolve) => this.#queue.push(resolve));
  }
}

/** No stored password is longer, so what is cut off was wrong anyway; but it must not cost more time. */
function clip(password: string): string {
  return password.length <= longestPassword * 2 ? password : password.slice(0, longestPassword * 2 + 1);
}
