/**
 * Empties the outbox in the background. Nobody ever waits for it but who stops the server.
 *
 * A mail is sent at least once. It leaves the outbox when the mail server has taken it on; a node that dies in between
 * leaves it to another one, which sends it again under the same Message-ID. While one node sends a mail no other does.
 */
import { randomInt } from "node:crypto";
import type { Logger } from "pino";
import { reasonOf } from "../storage/storage-error.ts";
import { mailPatience, nextAttempt } from "./backoff.ts";
import type { LetterWriter } from "./letter-writer.ts";
import type { QueuedMail } from "./mail.ts";
import type { MailStore } from "./mail-store.ts";
import type { Smtp } from "./smtp.ts";

/** How often to look for what others put in, and for what is due again, in milliseconds. */
const interval = 5_000;
/** How long one mail may take. */
const sendingTime = 60_000;
/** How long a mail is its bearer's: longer than the sending takes, by more than clocks may differ. */
const lease = 5 * 60_000;
/** How long a stop waits for the mail that is on its way. */
const stopPatience = 3_000;

export interface PostmanParts {
  readonly store: MailStore;
  readonly smtp: Pick<Smtp, "send">;
  readonly writer: LetterWriter;
  readonly logger: Logger;
  readonly now: () => number;
}

export class Postman {
  readonly #parts: PostmanParts;
  readonly #timer: NodeJS.Timeout;
  readonly #stopped = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #waiting: Promise<void> | undefined;
  #isStopping = false;
  #isReachable = true;

  constructor(parts: PostmanParts) {
    this.#parts = parts;
    // Not all nodes at once.
    this.#timer = setInterval(() => void this.deliver(), interval + randomInt(interval / 5)).unref();
  }

  /** Sends what is due, after what is under way. At most one round runs, and one waits. */
  deliver(): Promise<void> {
    this.#waiting ??= this.#running.then(() => {
      this.#waiting = undefined;
      this.#running = this.#deliverAll();
      return this.#running;
    });
    return this.#waiting;
  }

  /** Waits for the mail that is on its way, but not for long. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#isStopping = true;
    const insist = setTimeout(() => this.#stopped.abort(), stopPatience);
    await this.deliver();
    clearTimeout(insist);
  }

  /** Stops at the first failure: what made one fail would most likely make the others fail, after the same wait. */
  async #deliverAll(): Promise<void> {
    const { store, logger, now } = this.#parts;
    try {
      while (!this.#isStopping) {
        const queued = await store.claim(now(), now() + lease);
        this.#isReachable = true;
        if (!queued || !(await this.#attempt(queued))) return;
      }
    } catch (error) {
      if (this.#isReachable) logger.warn({ event: "outbox-unavailable", reason: reasonOf(error) });
      this.#isReachable = false;
    }
  }

  async #attempt(queued: QueuedMail): Promise<boolean> {
    if (this.#parts.now() > queued.queuedAt + mailPatience) return this.#giveUp(queued, "it is too old");
    let code: string | undefined;
    try {
      const addressed = await this.#parts.writer.write(queued);
      if (addressed) {
        code = addressed.code;
        const envelope = { id: queued.id, to: addressed.to, date: this.#parts.now() };
        const limit = AbortSignal.any([this.#stopped.signal, AbortSignal.timeout(sendingTime)]);
        await this.#parts.smtp.send(envelope, addressed.letter, limit);
      }
      await this.#parts.store.remove(queued);
      this.#parts.logger.info({ event: addressed ? "mail-sent" : "mail-dropped", ...facts(queued) });
      return true;
    } catch (error) {
      // A server may repeat the line that it dislikes.
      const reason = code === undefined ? reasonOf(error) : reasonOf(error).replaceAll(code, "…");
      return this.#postpone(queued, reason);
    }
  }

  async #postpone(queued: QueuedMail, reason: string): Promise<boolean> {
    const { store, logger, now } = this.#parts;
    const dueAt = nextAttempt(queued.queuedAt, queued.attempts, now());
    if (dueAt === undefined) return this.#giveUp(queued, reason);
    await store.postpone(queued, dueAt);
    logger.warn({ event: "mail-postponed", ...facts(queued), reason, until: new Date(dueAt).toISOString() });
    return false;
  }

  async #giveUp(queued: QueuedMail, reason: string): Promise<boolean> {
    await this.#parts.store.remove(queued);
    this.#parts.logger.error({ event: "mail-given-up", ...facts(queued), reason });
    return true;
  }
}

function facts({ id, mail, attempts }: QueuedMail) {
  const userId = "userId" in mail ? mail.userId : undefined;
  return { mail: id, kind: mail.kind, userId, attempts };
}
