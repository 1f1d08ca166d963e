/** What there is to tell by mail. Facts only: who it goes to, in which language, and every secret come in when it is sent. */
import type { Language } from "../words/language.ts";

/** When and from where something was done. */
export interface Circumstances {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly ip?: string | undefined;
  /** What people call it: "Firefox on Windows". */
  readonly device: string;
}

interface AboutUser extends Circumstances {
  readonly userId: string;
}

export type Mail =
  | (AboutUser & {
      readonly kind: "new-device";
      readonly sessionId: string;
      /** There were so many today that this is the last one told. */
      readonly isLast: boolean;
    })
  | (AboutUser & {
      readonly kind: "theft";
      /** An outdated copy came back, or a copy was used in another browser. */
      readonly by: "outdated-copy" | "other-browser";
    })
  | (AboutUser & {
      readonly kind: "password-changed";
      /** The one that it was changed in, and that goes on; undefined after a reset, which ends all. */
      readonly sessionId?: string | undefined;
    })
  /** `email` is what somebody typed: whether anybody has this address is found out when the mail is sent. */
  | (Circumstances & { readonly kind: "password-reset"; readonly email: string });

/** A mail in the outbox. */
export interface QueuedMail {
  /** Random, and the same at each attempt. */
  readonly id: string;
  readonly mail: Mail;
  /** Milliseconds since the epoch. */
  readonly queuedAt: number;
  /** How often it was taken out to be sent, this time included. */
  readonly attempts: number;
}

/** How a user wants to be written to. */
export interface MailPreferences {
  /** Undefined: not known yet. */
  readonly language: Language | undefined;
  /** Whether to tell of sign-ins on new devices. Theft and a changed password are always told. */
  readonly newDevice: boolean;
}

/** What the link of a mail ends: one session of the user, or all. Its code opens nothing. */
export interface EndLink {
  readonly userId: string;
  readonly sessionId?: string | undefined;
  /** When that session began, at the earliest. */
  readonly signedInAt: number;
}

/** What a sign-in shows of the thing that it came from. */
export interface Device {
  /** "Firefox on Windows" */
  readonly name: string;
  /** Where it was; of an IPv6 address the /64. */
  readonly network: string;
  /** Whether it has a cookie that says that this user has signed in there before. */
  readonly hasCookie: boolean;
}
