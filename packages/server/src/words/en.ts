/** English: the pages of people. */
import { type Html, html } from "../pages/html.ts";
import type { Language } from "./language.ts";
import { counted } from "./plural.ts";

export const english = {
  language: "en" as Language,
  locale: "en-GB",

  frame: {
    skip: "Skip to content",
    home: "Coatcheck, start page",
    main: "Main",
    devices: "Devices",
    history: "History",
    account: "Account",
    signOut: "Sign out",
    signOutEverywhere: "Sign out on all devices",
    language: "Language",
    error: "Error",
    failed: "That did not work",
    back: "Go back without doing it",
    older: "Older",
    newest: "Newest",
    showPassword: "Show password",
    hidePassword: "Hide password",
    justNow: "just now",
    unknownAddress: "unknown address",
  },

  device: {
    on: (browser: string, system: string): string => `${browser} on ${system}`,
    unknown: "Unknown device",
    unknownProgram: "Unknown program",
  },

  signIn: {
    title: "Sign in",
    lead: "Welcome back.",
    email: "E-mail address",
    password: "Password",
    remember: "Keep me signed in on this device",
    rememberHint: "For 30 days. Not on a device that others use.",
    submit: "Sign in",
    forgot: "Forgot your password?",
    because: (reason: string): string => `You were signed out because ${reason}.`,
  },

  /** After too many wrong passwords. `when` is "in 5 minutes". */
  throttled: {
    wait: (when: Html): Html => html`Too many attempts failed. Try again ${when}.`,
    closed: (choose: (text: string) => Html, when: Html): Html =>
      html`Too many attempts failed. ${choose("Choose a new password")} to sign in at once, or try again ${when}.`,
    over: "You can try again now.",
  },

  idle: {
    title: "Are you still there?",
    text: (left: Html): Html =>
      html`You will be signed out in ${left}, because nothing happened here for a while.`,
    lastText: (left: Html): Html =>
      html`You will be signed out in ${left}, because you signed in so long ago. Save what you are doing, then sign in again.`,
    stay: "Stay signed in",
    understood: "Understood",
    failed: "That could not be done. Check your connection, then try again.",
  },

  devices: {
    title: "Your devices",
    alone: "You are signed in on this device only.",
    many: (count: number): string =>
      `You are signed in on ${counted("en", count, { one: "device", other: "devices" })}. Sign out those that you do not know or no longer use.`,
    thisDevice: "This device",
    asleep: "Asleep",
    address: "Address",
    lastActive: "Last active",
    activeNow: "now",
    signedIn: "Signed in",
    cameBack: "Came back",
    lastCameBack: "Last came back",
    how: "How",
    byPassword: "Password",
    byRemembering: "Remembered",
    staysUntil: "Stays signed in until",
    asleepHint: "Not in use. It comes back without a password.",
    end: "Sign out",
    endNamed: (device: string, address: string): string => `Sign out ${device}, ${address}`,
    endOthers: "Sign out all other devices",
    endAll: "Sign out everywhere, including here",
    endTitle: "Sign out this device?",
    endLead: "Whoever uses it has to sign in again, and what is not saved there is lost.",
    endOthersTitle: "Sign out all other devices?",
    endOthersLead: (count: number): string =>
      `${counted("en", count, { one: "device has", other: "devices have" })} to sign in again. You stay signed in here.`,
    endAllTitle: "Sign out everywhere?",
    endAllLead: (count: number): string =>
      `${counted("en", count, { one: "device has", other: "devices have" })} to sign in again, this one included.`,
    keep: "Keep signed in",
  },

  history: {
    title: "History",
    lead: "What happened to your account, and where. If something here was not you, change your password.",
    views: "What to show",
    everything: "Everything",
    signIns: "Sign-ins",
    failures: "Failed sign-ins",
    nothing: "Nothing here yet",
    nothingHint: "What happens from now on stands here a moment later.",
    lookAtAll: "Look at everything",
    byAnother: "by an administrator",
    byServer: "by the server itself",
    here: "this session",
    cameBack: "Came back as a remembered browser",
    other: "Something else happened",
    events: {
      created: "Signed in",
      renewed: "Sign-in renewed",
      reauthenticated: "Password confirmed",
      revoked: "Signed out from the list of devices",
      evicted: "Signed out to make room for another device",
      replaced: "Signed in again in the same browser",
      expired: "Ended after a time without use",
      theft: "An outdated copy of a sign-in was used",
      fingerprint: "A sign-in was used from another browser",
      "data-unreadable": "Data of a session could not be read",
      "sign-in-failed": "Sign-in failed: wrong password",
      "confirmation-failed": "Wrong password when it was asked for again",
      "access-denied": "Asked for what only administrators may do",
      "password-changed": "Password changed",
      "user-created": "Account created",
      "user-disabled": "Account disabled",
      "user-enabled": "Account enabled again",
      "roles-changed": "Rights changed",
      "setup-link-made": "A link for a new password was made",
      "setup-link-used": "The link for a new password was used",
    } as Readonly<Record<string, string>>,
    ends: {
      logout: "Signed out",
      "credentials-changed": "Signed out because the password changed",
      "account-changed": "Signed out because the account changed",
      theft: "Signed out because a copy of the sign-in was used",
      fingerprint: "Signed out because another browser used the sign-in",
    } as Readonly<Record<string, string>>,
  },

  endSession: {
    title: "Sign out",
    lead: "This ends the sign-in that the mail told you of.",
    submit: "Sign out",
    doneTitle: "Signed out",
    done: "That sign-in is ended.",
    notYou: (change: (text: string) => Html, choose: (text: string) => Html): Html =>
      html`If it was not you, somebody knows your password. ${change("Change it")}, or ${choose("choose a new one")} if you are not signed in.`,
    badTitle: "This link is not good any more",
    bad: (devices: (text: string) => Html): Html =>
      html`It is wrong, used or expired. ${devices("Look at your devices")} to end what you do not know.`,
  },

  forgot: {
    title: "Forgot your password?",
    lead: "We send you a mail with a link by which you choose a new one.",
    submit: "Send the mail",
    back: "Back to signing in",
    noMail: "This server is not set up to send mail, so it cannot help you by itself. Ask its administrator.",
  },

  reset: {
    title: "Choose a new password",
    lead: (ask: (text: string) => Html): Html =>
      html`All your devices will be signed out. ${ask("Ask for another mail")} if your code is too old.`,
    code: "Code",
    codeHint: "The part behind # of the link in the mail.",
    submit: "Change password",
  },

  password: {
    current: "Current password",
    next: "New password",
    hint: (shortest: number, longest: number): string =>
      `${shortest} to ${longest} characters. A few unrelated words are easy to remember.`,
  },

  account: {
    title: "Your account",
    signedInAs: (email: Html): Html => html`You are signed in as ${email}.`,
    changePassword: "Change password",
    changeHint: "All your other devices will be signed out.",
    mails: "Mails to you",
    newDevice: "Tell me when I sign in on a new device",
    newDeviceHint:
      "You are always told when your password was changed, or when your sign-in may have been copied.",
    language: "Language of the mails",
    save: "Save",
  },

  confirm: {
    title: "Confirm your password",
    lead: "You signed in a while ago. Enter your password to go on with what you asked for.",
    password: "Password",
    submit: "Confirm",
  },

  setup: {
    title: "Set up this server",
    short: "Set up",
    lead: "Create the first administrator. Afterwards this page is closed for good.",
    code: "Set-up code",
    codeHint: "The part behind # of the link that the server printed when it started.",
    email: "Your e-mail address",
    submit: "Create administrator",
  },

  welcome: {
    title: "Welcome",
    lead: (email: Html): Html =>
      html`This server is set up. You are its administrator, and signed in as ${email}.`,
    steps: "What to do next",
    keepTitle: "Keep your password",
    keep: "Put it into your password manager now. There is nobody above you who could reset it.",
    tryTitle: "Try it",
    tryIt: "Sign out, and sign in with your address and your password. The set-up link has done its work.",
    mailTitle: "Let the server send mail",
    mail: (setting: Html): Html =>
      html`Set ${setting}. Without it people are told of no new devices, and cannot help themselves when they forget a password.`,
    mailDone: "Mail is set up: people are told of new devices, and can choose a new password by themselves.",
    peopleTitle: "Let others in",
    people: (add: (text: string) => Html): Html =>
      html`${add("Add them")}: you get a link for each, by which they choose a password themselves.`,
    checkTitle: "Check the surroundings",
    check: (command: Html): Html =>
      html`${command} says whether cookies, proxies and clocks are as they should be.`,
    go: "Look at your devices",
  },

  notices: {
    "signed-out": "You are signed out.",
    "signed-out-everywhere": "You are signed out on all devices.",
    "already-set-up": "This server is set up already. Sign in.",
    "device-ended": "That device is signed out.",
    "device-gone": "That device was signed out already.",
    "others-ended": "All other devices are signed out.",
    "reset-asked":
      "If there is an account with this address, a mail is on its way. Its link works for 15 minutes. Look among the junk, too.",
    "password-reset": "Your password is changed, and all devices are signed out. Sign in with the new one.",
    "mail-changed": "Saved.",
    "password-changed": "Your password is changed, and all other devices are signed out.",
    "rights-changed": "The rights are changed, and all sessions of this user have ended.",
    "user-disabled": "This user is disabled, and all their sessions have ended.",
    "user-enabled": "This user is enabled.",
    "sessions-ended": "All sessions of this user have ended.",
    "session-ended": "The session has ended.",
    "session-gone": "The session had ended already.",
  },

  docs: {
    title: "API",
    sameForPrograms: (link: Html): Html => html`The same as an OpenAPI document, for programs: ${link}.`,
    tryAs: (email: Html): Html =>
      html`Every call can be tried here: it is sent as ${email}, and done for real.`,
    tryAsNobody: (signIn: (text: string) => Html): Html =>
      html`Every call can be tried here. ${signIn("Sign in")} for those that need a session.`,
    needsSession: "Needs a session.",
    needsToken: (header: Html): Html => html`Needs a session, and its CSRF token in ${header}.`,
    parameters: "Parameters",
    body: "Body",
    optional: "optional",
    answers: "Answers",
    tryIt: "Try it",
    forReal: (deed: Html): Html => html`This is done for real, and at once: ${deed}.`,
    send: "Send",
    doIt: "Do it",
    stop: "Stop",
    unreachable: "No answer came. Check your connection, then try again.",
  },
};

export type PageWords = typeof english;
