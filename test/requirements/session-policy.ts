/** `docs/session-policy.md`: how long sessions live and how many there may be, from the values that decide. */
import { type AssuranceLevel, definePolicy, type ThrottleRule } from "coatcheck";
import { resolveThrottle } from "../../packages/coatcheck/src/throttle/rules.ts";
import { readConfig } from "../../packages/server/src/config.ts";

export const sessionPolicyPath = "docs/session-policy.md";

/** The labels of the library and what is without one. */
export const profiles: readonly (AssuranceLevel | undefined)[] = [undefined, "aal1", "aal2", "aal3"];

const second = 1000;
const units = [
  ["day", 24 * 60 * 60 * second],
  ["hour", 60 * 60 * second],
  ["minute", 60 * second],
  ["second", second],
] as const;

/** The whole page. */
export function sessionPolicyPage(): string {
  return `# The session policy

Written by \`npm run requirements\` from the values that the code decides by; do not edit it. [A test](../test/session-policy.test.ts) holds
sessions to it, to the millisecond. It is what ASVS 7.1.1 to 7.1.3 and 6.1.1 ask for; an application that sets \`policy\` otherwise
writes its own.

## How long a session lives

Both clocks are the server's. A session is over at the earlier one, whatever the browser keeps.

| \`policy.level\` | ends without use after | ends at the latest after | a browser may be remembered for |
|---|---|---|---|
${profiles.map(lifetimes).join("\n")}

Use is noted at most once a minute, so a session may end up to that much earlier than its last use and the idle timeout say,
never later. A label refuses looser values at start.

**Against NIST SP 800-63B-4.** The labels are its limits (2.1.3, 2.2.3, 2.3.3). Without a label a session is stricter than AAL2 in both, and
at AAL3 in the second; its idle timeout of ${inWords(definePolicy().idleTimeout)} is longer than the 15 minutes of AAL3. That is no deviation: a password alone is AAL1, where 30 days without any
idle timeout are allowed. The server has no label, and these values.

**One deviation, by choice of the user.** NIST advises (5.1, a SHOULD) that a secret that a copy can use should not outlive the browser. The cookie
of a session does not. "Keep me signed in" does, for ${inWords(definePolicy().rememberFor)}: its token is good once, a copy that comes back late is found out
as theft, and a session that began so is never recent, so that nothing sensitive opens without the password.
\`aal2\` and \`aal3\` remember nobody.

## When the secret changes

At each sign-in and each new proof of who one is, and after ${inWords(definePolicy().renewAfter)} of use. The former secret opens ordinary doors for ${inWords(definePolicy().grace)}
more, for requests that were under way, and is theft after that: the session ends.

## How many sessions a user may have

| | at once | beyond |
|---|---|---|
| the library | ${amount(definePolicy().maxSessions)} | ${beyond(definePolicy().onLimit)} |
| the server | ${amount(serverPolicy().maxSessions)}, or \`COATCHECK_MAX_SESSIONS\` | ${beyond(serverPolicy().onLimit)} |

\`maxSessions\` may be a function of the user; \`onLimit: "refuse"\` lets the newcomer wait instead. Either holds exactly, also for sign-ins
at the same moment, and what was evicted is told so at its next request. [More](protections/concurrent-sessions.md).

## Who makes sessions

One issuer: this application. There is no federation, no single sign-on and no relying party, so there is nobody to coordinate lifetimes or
sign-outs with. Sessions begin in one place of the code, by a sign-in or by a remembered browser, and an application that
signs people in through another provider calls that place when the provider has answered, and ends what it began by
\`revoke\` or \`revokeAll\` when it hears of an end there.

## How guessing is slowed down

| failures | for nothing | then a wait, doubling | up to | closed at | forgotten after |
|---|---|---|---|---|---|
${rules().map(ruleRow).join("\n")}

Nobody can lock an owner out: a browser on which an account has signed in has guesses of its own, and an address that others share waits
for a minute at most. [More](protections/throttle.md).
`;
}

function serverPolicy() {
  const { policy } = readConfig({ COATCHECK_DATABASE: "sqlite:data/coatcheck.db" });
  return definePolicy(policy);
}

function lifetimes(level: AssuranceLevel | undefined): string {
  const { idleTimeout, absoluteTimeout, rememberFor } = definePolicy(level ? { level } : {});
  const name = level ? `\`${level}\`` : "none (the default)";
  return `| ${name} | ${inWords(idleTimeout)} | ${inWords(absoluteTimeout)} | ${inWords(rememberFor)} |`;
}

function rules(): [name: string, rule: ThrottleRule][] {
  const { account, device, client } = resolveThrottle();
  return [
    ["under one account, whether it exists or not", account],
    ["of a browser that the account knows", device],
    ["from one address, an IPv6 one by its /64", client],
  ];
}

function ruleRow([name, { free, firstDelay, longestDelay, cap, forgetAfter }]: [
  string,
  ThrottleRule,
]): string {
  const closed = cap === Number.POSITIVE_INFINITY ? "never" : `${cap}`;
  return `| ${name} | ${free} | ${inWords(firstDelay)} | ${inWords(longestDelay)} | ${closed} | ${inWords(forgetAfter)} |`;
}

function amount(maximum: unknown): string {
  return maximum === Number.POSITIVE_INFINITY
    ? "as many as they like, unless `maxSessions` says otherwise"
    : `${maximum}`;
}

function beyond(onLimit: "evict-oldest" | "refuse"): string {
  return onLimit === "evict-oldest" ? "the oldest makes way" : "the newcomer is refused";
}

/** The largest unit that leaves no rest. */
function inWords(milliseconds: number): string {
  if (milliseconds === 0) return "not at all";
  const [name, unit] = units.find(([, unit]) => milliseconds % unit === 0) ?? ["millisecond", 1];
  const count = milliseconds / unit;
  return `${count} ${name}${count === 1 ? "" : "s"}`;
}
