/** English: the pages of administrators. */
import { type Html, html } from "../pages/html.ts";
import { counted, formatted } from "./plural.ts";

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
    email: "E-mail",
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

  sessions: {
    title: "Sessions",
    lead: "Where everybody is signed in at the moment.",
    user: "User, e-mail or id",
    address: "IP, or its beginning",
    device: "Browser or system",
    time: "When",
    anyTime: "Any time",
    times: {
      "active-10m": "Active within 10 minutes",
      "idle-10m": "Not active for 10 minutes",
      "new-1h": "Signed in within an hour",
      "old-1h": "Signed in over an hour ago",
      "old-6h": "Signed in over 6 hours ago",
    },
    sort: "Sorted by",
    orders: {
      "last-active": "Last active first",
      "last-active.ascending": "Longest inactive first",
      "signed-in": "Latest sign-in first",
      "signed-in.ascending": "Earliest sign-in first",
      user: "By user",
      "user.descending": "By user, backwards",
    },
    find: "Search",
    end: "End",
    endNamed: (email: string, device: string, address: string): string =>
      `End the session of ${email}, ${device}, ${address}`,
    endAll: (email: string): string => `End all sessions of ${email}`,
    several: "Several users have such an address. Whom do you mean?",
    nothing: "No session is like this",
    nothingHint:
      "Ask for less: a part of the address that ends with a dot (192.0.2.), only the browser, or only the user. Who is not signed in has no session.",
    nobodyHint: "Sessions stand here once somebody signs in.",
    notYet: "None among those that were looked through",
    notYetHint: "There are more sessions. Go on, or ask for a user or an address.",
    pages: "Pages",
    first: "First page",
    previous: "Back",
    next: "Next",
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
    user: "User, e-mail or id",
    from: "From day (UTC)",
    to: "To day (UTC)",
    noDay: "What was typed is no day, so it was left out. Write days like 2030-01-31.",
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

  overview: {
    title: "Overview",
    lead: "What happens here, on all servers together. Times are UTC.",
    periods: "Period",
    hour: "Last hour",
    day: "Last 24 hours",
    month: "Last 30 days",
    alive: "Sessions alive",
    counted: (when: Html): Html => html`counted ${when}`,
    notCounted: "not counted yet",
    signIns: "Sign-ins",
    cameBack: (count: number): string => `${formatted("en", count)} by remembered browsers`,
    failed: "Failed sign-ins",
    ofAttempts: (share: string): string => `${share} of all attempts`,
    noAttempts: "nobody tried",
    sessions: "Sessions alive over time",
    signInsTitle: "Sign-ins and failures",
    now: "Now",
    least: "Least",
    most: "Most",
    rejected: "Refused requests",
    mostly: (reason: string): string => `mostly “${reason}”`,
    none: "none",
    withPassword: "With the password",
    remembered: "Remembered browser",
    failedBelow: "Failed, below the line",
    signInsSeen: (signIns: number, failures: number): string =>
      `Sign-ins and failures over time: ${formatted("en", signIns)} succeeded, ${formatted("en", failures)} failed.`,
    aliveSeen: (least: number, most: number): string =>
      `Sessions alive over time: from ${formatted("en", least)} to ${formatted("en", most)}.`,
    store: "Session store",
    p50: "Half within",
    p99: "99 of 100 within",
    answers: "Answers",
    unanswered: "Failed",
    storeSeen: (most: string): string =>
      `What 99 of 100 answers took at most, over time: up to ${most}. The scale is logarithmic.`,
    storeLegend: "99 of 100 answers, logarithmic",
    rejections: "Refused, by reason",
    rejectionsHint: "Without sessions that were only too old.",
    noRejections: "No request was refused.",
    ends: "Ended sessions, by reason",
    noEnds: "No session has ended.",
    addresses: "Throttled most, in 24 hours",
    noAddresses: "No address was throttled.",
    figures: "All figures as a table",
    from: "From",
    rejectionNames: {
      duplicate: "Two cookies at once",
      malformed: "No token at all",
      unopened: "Cookie not sealed by this server",
      unknown: "Unknown session",
      "idle-timeout": "Not used for too long",
      "absolute-timeout": "Signed in too long ago",
      theft: "Copied token",
      fingerprint: "Another browser",
      "step-up": "Password wanted again",
      throttled: "Too many attempts",
      ended: "Session had ended",
      "cross-origin": "From another site",
      "csrf-token": "Without the form’s token",
    } as Readonly<Record<string, string>>,
    endNames: {
      logout: "Signed out",
      revoked: "Ended from a list",
      evicted: "Too many devices",
      replaced: "Signed in again",
      theft: "Copied token",
      fingerprint: "Another browser",
      expired: "Expired",
      "credentials-changed": "Password changed",
      "account-changed": "Account changed",
    } as Readonly<Record<string, string>>,
  },

  /** A part of a page that keeps itself up to date. */
  live: {
    reload: "Reload",
    on: "Live",
    paused: "Paused",
    pause: "Pause",
    resume: "Resume",
    interrupted: "Connection lost, trying again",
    confirm: "Not live any more: your password was typed a while ago.",
    goOn: "Go on",
    news: "New records:",
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
