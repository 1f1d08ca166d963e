/** Looks for what is set up wrongly and would not show before it hurts. Each finding says what to do. */
import { ask } from "../core/ask.ts";
import type { Finding } from "../core/finding.ts";
import type { SessionStore } from "../core/store.ts";
import { tolerableSkew } from "../core/store-clock.ts";
import type { AuthOptions } from "../http/auth-settings.ts";
import type { RequestSource } from "../http/client.ts";
import { examineArrival } from "./arrival.ts";
import { examineSettings } from "./settings.ts";

/** What is to be examined. */
export interface Examination {
  readonly store: SessionStore;
  /** The options that the adapter gets. */
  readonly auth?: AuthOptions;
  /** A request that came in from outside, as people's do: it shows what the proxies in between add and hide. */
  readonly request?: RequestSource;
  /** The clock, in milliseconds since the epoch. Default `Date.now`. */
  readonly now?: () => number;
}

/** Synchronised clocks differ by less, in milliseconds. */
const usualSkew = 1_000;

/**
 * Examines settings, store and, if one is given, how a request arrived; the worst comes first. Changes nothing, and
 * never throws for what it finds. May take some seconds where the store is large.
 */
export async function doctor(examination: Examination): Promise<Finding[]> {
  const { store, auth = {}, request, now = Date.now } = examination;
  const { settings, findings } = examineSettings(auth, now());
  const arrival = request && settings ? examineArrival(request, settings) : [];
  return [...findings, ...arrival, ...(await examineStore(store, now))].sort(byWeight);
}

/** Whether findings should fail a check: for the exit status of a program. */
export function isHealthy(findings: readonly Finding[]): boolean {
  return findings.every(({ severity }) => severity !== "error");
}

async function examineStore(store: SessionStore, now: () => number): Promise<readonly Finding[]> {
  try {
    const skew = await skewOf(store, now);
    return [...examineClock(skew), ...((await store.diagnose?.()) ?? [])];
  } catch (error) {
    return [unavailable(error as Error)];
  }
}

/** The clock of the node is taken in the middle of the question. */
async function skewOf(store: SessionStore, now: () => number): Promise<number> {
  const asked = now();
  const time = await ask(store, "time", () => store.time());
  return time === undefined ? 0 : time - (asked + now()) / 2;
}

function examineClock(skew: number): Finding[] {
  const distance = Math.abs(skew);
  if (distance <= usualSkew) return [];
  const beyond = distance > tolerableSkew;
  return [
    {
      code: "clock-skew",
      severity: beyond ? "error" : "warning",
      what: `The store's clock is ${Math.round(distance)} ms ${skew > 0 ? "ahead of" : "behind"} this node's.`,
      why: beyond
        ? "The node is unready: it neither notes use nor prunes, so its users are signed out as idle."
        : "Sessions end that much too early or too late on this node; beyond 5 seconds it turns unready.",
      fix: "Synchronise both clocks (chrony, systemd-timesyncd).",
    },
  ];
}

function unavailable(error: Error): Finding {
  const reason = error.cause instanceof Error ? error.cause.message : error.message;
  return {
    code: "store-unavailable",
    severity: "error",
    what: `The session store does not answer: ${reason}.`,
    why: "Every request that needs a session is answered with 503.",
    fix: "Start the store, and see that this machine may reach it under the configured address.",
  };
}

const weights: Readonly<Record<Finding["severity"], number>> = { error: 0, warning: 1, note: 2 };

function byWeight(a: Finding, b: Finding): number {
  return weights[a.severity] - weights[b.severity];
}
