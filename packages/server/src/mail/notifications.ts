/** Decides what to tell by mail, and puts it into the outbox. Sends nothing itself. */
import type { ClientInfo, Session, SessionEvent, SessionId, Warn } from "coatcheck";
import { deviceName } from "../device-name.ts";
import { preferredLanguage } from "../words/language.ts";
import { deviceOf } from "./device.ts";
import type { Circumstances, Mail } from "./mail.ts";
import type { MailStore } from "./mail-store.ts";

/** How many new devices a day are told. One that signs in under ever new names must not fill a mailbox. */
export const newDevicesADay = 5;

export interface NotificationParts {
  readonly store: MailStore;
  /** Whether mail is sent at all. Where it is not, nothing is put in. */
  readonly areOn: boolean;
  readonly now: () => number;
  readonly warn: Warn;
  /** Called when something was put in. */
  readonly onQueued: () => void;
}

export class Notifications {
  readonly areOn: boolean;
  readonly #parts: NotificationParts;
  readonly #pending = new Set<Promise<void>>();

  constructor(parts: NotificationParts) {
    this.areOn = parts.areOn;
    this.#parts = parts;
  }

  /** For `sessions.observe`. */
  readonly observe = (event: SessionEvent): void => {
    if (event.type === "theft") this.#report(this.#stolen(event, "outdated-copy"));
    if (event.type === "fingerprint" && event.reaction === "revoke")
      this.#report(this.#stolen(event, "other-browser"));
  };

  /**
   * After a password was right. Not for a remembered browser that comes back: it has signed in before.
   * @param hasCookie whether the browser has a cookie of an earlier sign-in of this user.
   */
  signedIn(session: Session, hasCookie: boolean): Promise<void> {
    return this.#report(this.#noteSignIn(session, hasCookie));
  }

  /**
   * Every other device is new again then: it may be the one that the password was changed for.
   * @param sessionId the session that it was changed in; undefined after a reset.
   */
  passwordChanged(userId: string, client: ClientInfo, sessionId?: SessionId): Promise<void> {
    const at = this.#parts.now();
    const told = this.#put({ kind: "password-changed", ...about({ userId, client, at }), sessionId });
    return this.#report(told.then(() => this.#forgetDevices(userId, sessionId && client)));
  }

  /**
   * Always the same work, whether or not anybody has this address: who has it is found out when the mail is sent. That
   * waits for the next round, a few seconds: writing to somebody at once would slow down the answers right after this
   * one, and so tell.
   */
  async passwordForgotten(email: string, client: ClientInfo): Promise<void> {
    const { store, now, areOn } = this.#parts;
    const at = now();
    if (areOn) await store.enqueue({ kind: "password-reset", email, ...circumstances({ client, at }) }, at);
  }

  /** Waits for what is being put in. Call it before the database is closed. */
  async settle(): Promise<void> {
    await Promise.all(this.#pending);
  }

  async #noteSignIn({ id, userId, createdAt, client }: Session, hasCookie: boolean): Promise<void> {
    if (!this.areOn) return;
    const { store, now, onQueued } = this.#parts;
    const known = await store.preferences(userId);
    // The first sign-in tells the language: a later one may be a thief's.
    const language = known.language ?? preferredLanguage(client.language);
    if (language && !known.language) await store.learnLanguage(userId, language);
    let isQueued = false;
    await store.noteDevice(userId, deviceOf(client, hasCookie), now(), (newToday) => {
      isQueued = known.newDevice && newToday <= newDevicesADay;
      const isLast = newToday === newDevicesADay;
      const facts = about({ userId, client, at: createdAt });
      return isQueued ? { kind: "new-device", ...facts, sessionId: id, isLast } : undefined;
    });
    if (isQueued) onQueued();
  }

  async #forgetDevices(userId: string, except: ClientInfo | undefined): Promise<void> {
    if (this.areOn) await this.#parts.store.forgetDevices(userId, except && deviceOf(except, false));
  }

  #stolen(thief: Parameters<typeof about>[0], by: "outdated-copy" | "other-browser"): Promise<void> {
    return this.#put({ kind: "theft", by, ...about(thief) });
  }

  async #put(mail: Mail): Promise<void> {
    if (!this.areOn) return;
    await this.#parts.store.enqueue(mail, this.#parts.now());
    this.#parts.onQueued();
  }

  /** What happened has happened, whether or not it can be told. */
  #report(work: Promise<void>): Promise<void> {
    const told = work
      .catch((cause) => this.#parts.warn("A mail could not be put into the outbox", cause))
      .finally(() => this.#pending.delete(told));
    this.#pending.add(told);
    return told;
  }
}

interface Happening {
  readonly at: number;
  readonly client: ClientInfo;
}

function about(
  happening: Happening & { readonly userId: string },
): Circumstances & { readonly userId: string } {
  return { userId: happening.userId, ...circumstances(happening) };
}

function circumstances({ at, client }: Happening): Circumstances {
  return { at, ip: client.ip, device: deviceName(client.userAgent) };
}
