/**
 * What a page says about the deed that led to it. The deed redirects with a name of a notice in the query: a name, so
 * that nobody can put words of their own onto our pages.
 */
import { type Html, html } from "./html.ts";

const notices = {
  "signed-out": "You are signed out.",
  "signed-out-everywhere": "You are signed out on all devices.",
  "set-up": "Welcome. You are the administrator of this server.",
  "already-set-up": "This server is set up already. Sign in.",
  "device-ended": "That device is signed out.",
  "device-gone": "That device was signed out already.",
  "others-ended": "All other devices are signed out.",
  "reset-asked":
    "If there is an account with this address, a mail is on its way. Its link works for 15 minutes. Look among the junk, too.",
  "password-reset": "Your password is changed, and all devices are signed out. Sign in with the new one.",
  "mail-changed": "Saved.",
  "password-changed": "Your password is changed, and all other devices are signed out.",
} as const;

export type NoticeName = keyof typeof notices;

/** Where to go after a deed, with what to say there. */
export function withNotice(path: string, name: NoticeName): string {
  return `${path}?done=${name}`;
}

export function notice(name: string | undefined): Html | "" {
  if (name === undefined || !Object.hasOwn(notices, name)) return "";
  return html`<p class="notice" role="status">${notices[name as NoticeName]}</p>`;
}
