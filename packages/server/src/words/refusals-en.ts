/** English, where the answer is no. */
import { longestEmail } from "../accounts/email.ts";
import type { Fault } from "../accounts/fault.ts";
import { longestPassword, shortestPassword } from "../accounts/password-rules.ts";
import type { RefusalWords } from "./refusals.ts";

export const englishRefusals: RefusalWords = {
  faults: {
    "email-missing": "Enter your e-mail address.",
    "email-too-long": `The e-mail address is longer than ${longestEmail} characters.`,
    "email-malformed": "This is not an e-mail address. An address looks like name@example.com.",
    "email-taken": "Somebody has this address already.",
    "password-missing": "Enter your password.",
    "password-too-short": `Use at least ${shortestPassword} characters.`,
    "password-too-long": `Use at most ${longestPassword} characters.`,
    "password-common": "This password is among the first that attackers try. Choose another.",
    "password-about-email": "Do not use your e-mail address as the password.",
    "password-unstorable": "The password has characters that cannot be stored.",
    "wrong-credentials": "The e-mail address or the password is wrong.",
    "wrong-password": "This is not your current password.",
    "not-your-password": "This is not your password.",
    "password-changed-meanwhile": "Your password was changed a moment ago, on another device.",
    "setup-code-missing": "Enter the set-up code.",
    "setup-code-bad": "This code is wrong, used or expired. Restart the server to get a new one.",
    "reset-code-bad": "This code is wrong, used or expired. Ask for another mail.",
  },

  endReasons: {
    logout: "you signed out on this device",
    revoked: "this device was signed out from your list of devices",
    evicted: "you signed in on another device and reached the limit of devices",
    replaced: "you signed in again in this browser",
    theft:
      "an outdated copy of this browser’s sign-in was used, which may mean that somebody copied it. If you did not restore an old browser profile, change your password",
    fingerprint:
      "its sign-in was used from another browser, which may mean that somebody copied it. If that was not you, change your password",
    expired: "you were away for too long, or signed in too long ago",
    "credentials-changed": "your password was changed",
    "account-changed": "your account was changed",
  },

  problems: {
    csrf: {
      title: "This form could not be accepted",
      text: "It was opened under another sign-in, or it did not come from this site. Nothing was changed. Go back, reload the page and try again.",
    },
    "not-found": { title: "Page not found", text: "There is nothing at this address." },
    "method-not-allowed": {
      title: "This address takes no such request",
      text: "It takes forms that are sent from one of our pages. Go to the start page and begin there.",
    },
    "body-too-large": { title: "That was too much", text: "What was sent is larger than any form of ours." },
    "malformed-body": {
      title: "This form could not be read",
      text: "It arrived damaged. Go back, reload the page and try again.",
    },
    "unsupported-media-type": {
      title: "This form could not be read",
      text: "It was sent in a way that no form of ours is. Go back, reload the page and try again.",
    },
    "own-rights": {
      title: "These are your own rights",
      text: "Nobody changes their own rights: somebody must remain who can give them back. Ask another administrator.",
    },
    "user-disabled": { title: "This user is disabled", text: "Enable the user first, then make the link." },
    forbidden: { title: "Not for you", text: "Only administrators may do this." },
    "not-signed-in": { title: "You are not signed in", text: "Sign in, then try again." },
    "reauth-required": {
      title: "Confirm your password",
      text: "You signed in a while ago. Sign in again to go on.",
    },
    "store-unavailable": {
      title: "Please try again in a moment",
      text: "We cannot look up your sign-in right now. You are not signed out; reload this page in a few seconds.",
    },
    "too-many-attempts": {
      title: "Please try again in a while",
      text: "Too many requests that we could not recognise came from your network. You are not signed out; reload this page in a minute.",
    },
    "metrics-token": {
      title: "A token is needed",
      text: "Send the one of COATCHECK_METRICS_TOKEN, in the header Authorization: Bearer …",
    },
    "session-limit": {
      title: "You are signed in on too many devices",
      text: "Sign out on one of them, then try again.",
    },
    busy: {
      title: "Please try again in a moment",
      text: "Too many people are signing in at this moment. Reload this page in a few seconds.",
    },
    "too-many-requests": {
      title: "Please wait a while",
      text: "That mail was asked for too often. Look into your mailbox, also among the junk, and try again later.",
    },
    "internal-error": {
      title: "Something went wrong",
      text: "The mistake is ours, and it has been recorded. Try again; if it stays, tell the administrator the number below.",
    },
    other: {
      title: "That did not work",
      text: "Go to the start page and try again; if it stays, tell the administrator the number below.",
    },
  },
  toStart: "Go to the start page",
  requestNumber: "Number of this request:",
};

/** For programs, commands and the log. */
export function inEnglish(fault: Fault): string {
  return englishRefusals.faults[fault];
}
