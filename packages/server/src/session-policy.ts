/** What the environment says of the policy of sessions. */
import type { PolicyOptions } from "coatcheck";
import { readWholeNumber, type WholeNumber } from "./whole-number.ts";

/** What happens to a session whose client is unlike the one that signed in. */
const reactions = ["off", "report", "reject", "revoke"] as const;

/** More than anybody uses: a program that signs in and never out must not fill the database. The oldest make way. */
const devices: WholeNumber = {
  meaning: "how many devices a user may be signed in on",
  most: 10_000,
  byDefault: 100,
};

export type SessionPolicyConfig = Required<Pick<PolicyOptions, "maxSessions" | "fingerprint">>;

export function readSessionPolicy(
  env: Readonly<Record<string, string | undefined>>,
  complain: (problem: string) => void,
): SessionPolicyConfig {
  const maxSessions = readWholeNumber(env, "COATCHECK_MAX_SESSIONS", devices, complain);
  return { maxSessions, fingerprint: readFingerprint(env, complain) };
}

function readFingerprint(
  env: Readonly<Record<string, string | undefined>>,
  complain: (problem: string) => void,
): SessionPolicyConfig["fingerprint"] {
  const text = env.COATCHECK_FINGERPRINT ?? "report";
  const reaction = reactions.find((each) => each === text);
  if (!reaction) {
    complain(`COATCHECK_FINGERPRINT is ${JSON.stringify(text)}. Set it to one of ${reactions.join(", ")}.`);
    return "off";
  }
  return reaction === "off" ? "off" : { onMismatch: reaction };
}
