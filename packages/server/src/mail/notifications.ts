/** Decides what to tell by mail, and puts it into the outbox. Sends nothing itself. */
import type { ClientInfo, SessionEvent, SessionId, Warn } from "coatcheck";
import { deviceName } from "../device-name.ts";
import { preferredLanguage } from "./language.ts";
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
    if (event.type === "created") this.#report(this.#signedIn(event));
    if (event.type === "theft") this.#report(this.#stolen(event, "outdated-copy"));
    if (event.type === "fingerprint" && event.reaction === "revoke")
      this.#report(this.#stolen(event, "other-browser"));
  };

  /** `sessionId` is the session that it was changed in; undefined after a reset. */
  passwordChanged(userId: string, client: ClientInfo, sessionId?: SessionId): Promise<void> {
    const at = this.#parts.now();
    return this.#report(this.#put({ kind: "password-changed", ...about({ userId, client, at }), sessionId }));
  }

  /** Always the same work, whether or not anybody has this address: who has it is found out when the mail is sent. */
  async passwordForgotten(email: string, client: ClientInfo): Promise<void> {
    const at = this.#parts.now();
    await this.#put({ kind: "password-reset", email, ...circumstances({ client, at }) });
  }

  /** Waits for what is being put in. Call it before the database is closed. */
  async settle(): Promise<void> {
    await Promise.all(this.#pending);
  }

  async #signedIn(event: SessionEvent & { readonly type: "created" }): Promise<void> {
    if (!this.areOn) return;
    const { store, now, onQueued } = this.#parts;
    const { userId, sessionId, client } = event;
    const known = await store.preferences(userId);
    // The first sign-in tells the language: a later one may be a thief's.
    const language = known.language ?? preferredLanguage(client.language);
    if (language && !known.language) await store.learnLanguage(userId, language);
    let isQueued = false;
    await store.noteDevice(userId, deviceName(client.userAgent), now(), (newToday) => {
      isQueued = known.newDevice && newToday <= newDevicesADay;
      const isLast = newToday === newDevicesADay;
      return isQueued ? { kind: "new-device", ...about(event), sessionId, isLast } : undefined;
    });
    if (isQueued) onQueued();
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
