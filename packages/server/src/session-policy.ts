/** What the environment says of the policy of sessions. */
import type { PolicyOptions } from "coatcheck";

/** What happens to a session whose client is unlike the one that signed in. */
const reactions = ["off", "report", "reject", "revoke"] as const;

/** More than anybody uses: a program that signs in and never out must not fill the database. The oldest make way. */
const defaultDevices = 100;
const mostDevices = 10_000;

export type SessionPolicyConfig = Required<Pick<PolicyOptions, "maxSessions" | "fingerprint">>;

export function readSessionPolicy(
  env: Readonly<Record<string, string | undefined>>,
  complain: (problem: string) => void,
): SessionPolicyConfig {
  return { maxSessions: readDevices(env, complain), fingerprint: readFingerprint(env, complain) };
}

function readDevices(
  env: Readonly<Record<string, string | undefined>>,
  complain: (problem: string) => void,
): number {
  const text = env.COATCHECK_MAX_SESSIONS ?? String(defaultDevices);
  const devices = Number(text);
  if (/^\d{1,5}$/.test(text) && devices >= 1 && devices <= mostDevices) return devices;
  complain(
    `COATCHECK_MAX_SESSIONS is ${JSON.stringify(text)}. Set it to how many devices a user may be signed in on, from 1 to ${mostDevices}.`,
  );
  return defaultDevices;
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
