/** English: the pages of administrators. */
import { type Html, html } from "../pages/html.ts";
import { counted } from "./plural.ts";

/** What is asked before it is done. */
export interface AskedWords {
  readonly title: string;
  readonly lead: string;
  readonly submit: string;
}

export const englishAdmin = {
  title: "Administration",
  more: "More",

  users: {
    title: "Users",
    lead: "Who can sign in here, and what they may do.",
    add: "Add a user",
    search: "Address, or a part of it",
    find: "Search",
    nobody: "Nobody has such an address",
    nobodyHint: "Search for a shorter part of it, or add the user.",
    email: "E-mail address",
    rights: "Rights",
    created: "Created",
    passwordChanged: "Password set",
    id: "Id",
    administrator: "Administrator",
    user: "User",
    disabled: "Disabled",
    sessions: "Sessions",
    noSessions: "Not signed in anywhere",
    noSessionsHint:
      "Sessions stand here once the user signs in. If they lost their password, make a new link for them.",
    noSessionsDisabled: "Whoever is disabled cannot sign in. Enable the user to let them in again.",
    thisIsYou: (devices: (text: string) => Html): Html =>
      html`This is you. Your own rights are changed by another administrator, your sessions under ${devices("Devices")}.`,
  },

  audit: {
    title: "Audit",
    lead: "What happened to accounts and sessions, the newest first. A record is here a moment after it happened.",
    csv: "Export as CSV",
    jsonl: "Export as JSON Lines",
    chainEmpty: "Nothing is sealed yet. Records join the chain some seconds after they were written.",
    chain: (position: number, hash: Html): Html =>
      html`${counted("en", position, { one: "record", other: "records" })} sealed in the chain, the last as ${hash}.`,
    check: "Check the chain",
    intact: (checked: number): string =>
      `The audit is intact: ${counted("en", checked, { one: "record is", other: "records are" })} as they were sealed.`,
    broken: (breaks: number): string =>
      `The audit is not intact: ${counted("en", breaks, { one: "break", other: "breaks" })} found.`,
    brokenHint: (command: Html): Html => html`${command} names each.`,
    event: "What",
    anyEvent: "Everything",
    user: "User, by address or id",
    from: "From day (UTC)",
    to: "To day (UTC)",
    show: "Show",
    when: "When",
    whom: "Whom",
    where: "From where",
    nothing: "Nothing like this happened",
    nothingHint: "Ask for fewer things at once: another user, more days, or everything.",
    here: "What happened to this user",
    events: {
      "sign-in-failed": "Sign-in failed",
      revoked: "Session ended",
      rejected: "A session was refused",
      csrf: "A request from another site was refused",
      throttled: "Too many attempts",
    } as Readonly<Record<string, string>>,
  },

  newUser: {
    title: "Add a user",
    lead: "You get a link, by which the user chooses a password. Nobody else ever knows it.",
    email: "E-mail address of the user",
    administrator: "Administrator",
    administratorHint: "May see and change everything here.",
    submit: "Add the user",
  },

  link: {
    title: "Hand over this link",
    lead: (email: Html): Html => html`By it ${email} chooses a password.`,
    name: "Link",
    hint: (until: string): string =>
      `It is shown this once, and good once, until ${until}. Send it on a way that nobody else reads.`,
    done: "Done",
  },

  endSession: { title: "End this session?", submit: "End the session" },

  setupLink: {
    title: "Make a link for a new password?",
    lead: "For who lost the first one, or the password. Links from before stop working; the present password works until another one is chosen.",
    submit: "New link",
  },
  promote: {
    title: "Make this user an administrator?",
    lead: "They may see and change everything here. Their sessions end, and they sign in again.",
    submit: "Make administrator",
  },
  demote: {
    title: "Take away the rights of an administrator?",
    lead: "They remain a user. Their sessions end at once.",
    submit: "No longer administrator",
  },
  disable: {
    title: "Disable this user?",
    lead: "Their sessions end at once, on all devices, and they cannot sign in until somebody enables them.",
    submit: "Disable",
  },
  enable: {
    title: "Enable this user?",
    lead: "They can sign in again, with the password that they had.",
    submit: "Enable",
  },
  endSessions: {
    title: "End all sessions of this user?",
    lead: "They have to sign in again on all devices, and what is not saved there is lost.",
    submit: "End all sessions",
  },
};

export type AdminWords = typeof englishAdmin;
