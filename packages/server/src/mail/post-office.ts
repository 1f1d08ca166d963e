/** Puts together what writes, keeps and sends mail. */
import { setImmediate as immediate } from "node:timers/promises";
import type { Warn } from "coatcheck";
import type { Logger } from "pino";
import type { Accounts } from "../accounts/accounts.ts";
import { letterWriter } from "./letter-writer.ts";
import type { MailConfig } from "./mail-config.ts";
import type { MailStore } from "./mail-store.ts";
import { Notifications } from "./notifications.ts";
import { Postman } from "./postman.ts";
import { Smtp } from "./smtp.ts";

export interface PostOfficeParts {
  readonly store: MailStore;
  readonly accounts: Accounts;
  /** The public origin, without a trailing slash. */
  readonly origin: string;
  readonly logger: Logger;
  readonly warn: Warn;
  readonly now: () => number;
}

export interface PostOffice {
  readonly notifications: Notifications;
  /** Sends what is due. It happens by itself; this is for who wants to wait for it. */
  deliver(): Promise<void>;
  /** Call it before the database is closed. What was not sent stays in the outbox. */
  close(): Promise<void>;
}

/** Where links expire and old devices are forgotten, in milliseconds. */
const tidyInterval = 60 * 60_000;
/** A device that was not seen for a year is new again. */
const deviceMemory = 365 * 24 * 60 * 60_000;
const tidyBatch = 500;

/** Without a configuration nothing is put in and nothing is sent. */
export function openPostOffice(config: MailConfig | undefined, parts: PostOfficeParts): PostOffice {
  const { store, accounts, origin, logger, warn, now } = parts;
  const writer = letterWriter(accounts, store, origin, now);
  const postman = config && new Postman({ store, smtp: new Smtp(config), writer, logger, now });
  const onQueued = () => void postman?.deliver();
  const notifications = new Notifications({ store, areOn: postman !== undefined, now, warn, onQueued });
  const tidy = async () => {
    const unseenSince = now() - deviceMemory;
    while ((await store.deleteExpired(now(), unseenSince, tidyBatch)) > 0) await immediate();
  };
  const report = (cause: unknown) => warn("Old links and devices could not be removed", cause);
  const tidying = setInterval(() => void tidy().catch(report), tidyInterval).unref();
  return {
    notifications,
    deliver: async () => {
      await notifications.settle();
      await postman?.deliver();
    },
    close: async () => {
      clearInterval(tidying);
      await notifications.settle();
      await postman?.stop();
    },
  };
}
