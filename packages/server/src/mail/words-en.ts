import type { LetterWords } from "./words.ts";

const signOutDevice = "Sign that device out";
const signOutEverywhere = "Sign out everywhere";
const sevenDays = "The link works once, within 7 days. It only signs out, and asks before it does.";

export const english: LetterWords = {
  locale: "en-GB",
  account: "Account",
  time: "Time",
  address: "From address",
  unknownAddress: "unknown",
  device: "Device",

  newDevice: ({ isLast, accountPage }) => ({
    subject: "New device signed in to your account",
    opening: isLast
      ? "Your account was used to sign in on a new device, and there were several new ones today. This is the last one that we tell you about today; the list of your devices shows them all."
      : "Your account was used to sign in on a device that we have not seen before.",
    advice: `If this was you, there is nothing to do. If not, sign that device out, and then change your password at ${accountPage}.`,
    link: signOutDevice,
    closing: `${sevenDays} Whether you get these mails is up to you: ${accountPage}.`,
  }),

  theft: ({ isOutdated, accountPage }) => ({
    subject: "Somebody may have copied your sign-in",
    opening: isOutdated
      ? "An outdated copy of your browser’s sign-in was used. That happens when somebody has copied it, or when an old browser profile is restored. We have signed that device out."
      : "Your browser’s sign-in was used from another browser. That happens when somebody has copied it. We have signed it out.",
    advice: `If this was not your own doing, sign out everywhere, and then change your password at ${accountPage}. Check that device for malware.`,
    link: signOutEverywhere,
    closing: sevenDays,
  }),

  passwordChanged: ({ goesOn, forgotPage }) => ({
    subject: "Your password was changed",
    opening: goesOn
      ? "The password of your account was changed, and all other devices were signed out."
      : "The password of your account was reset, and all devices were signed out.",
    advice: `If this was you, there is nothing to do. If not, ${goesOn ? "sign that device out" : "sign out everywhere"}, and then choose a new password at ${forgotPage}.`,
    link: goesOn ? signOutDevice : signOutEverywhere,
    closing: sevenDays,
  }),

  passwordReset: () => ({
    subject: "Choose a new password",
    opening: "Somebody, most likely you, asked for a new password for your account.",
    advice:
      "If this was you, choose a new password. All devices will be signed out then. If not, there is nothing to do: your password stays as it is.",
    link: "Choose a new password",
    closing: "The link works once, within 15 minutes. Give it to nobody.",
  }),
};
