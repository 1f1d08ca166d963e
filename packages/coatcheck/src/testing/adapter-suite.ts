/** The contract of adapters as tests: one call proves that a framework's adapter keeps every promise. */
import { describe, test } from "node:test";
import type { AdapterCases } from "./adapter/case.ts";
import { sessionsAtHand } from "./adapter/promises/at-hand.ts";
import { caching } from "./adapter/promises/caching.ts";
import { carryOver } from "./adapter/promises/carry-over.ts";
import { cookies } from "./adapter/promises/cookies.ts";
import { crossSite } from "./adapter/promises/cross-site.ts";
import { csrfToken } from "./adapter/promises/csrf-token.ts";
import { data } from "./adapter/promises/data.ts";
import { fingerprint } from "./adapter/promises/fingerprint.ts";
import { flash } from "./adapter/promises/flash.ts";
import { guards } from "./adapter/promises/guards.ts";
import { liveConnections } from "./adapter/promises/live-connections.ts";
import { network } from "./adapter/promises/network.ts";
import { outage } from "./adapter/promises/outage.ts";
import { remember } from "./adapter/promises/remember.ts";
import { renewal } from "./adapter/promises/renewal.ts";
import { sealed } from "./adapter/promises/sealed.ts";
import { secrecy } from "./adapter/promises/secrecy.ts";
import { signIn } from "./adapter/promises/sign-in.ts";
import { signOut } from "./adapter/promises/sign-out.ts";
import { throttle } from "./adapter/promises/throttle.ts";
import { onStage, type Serve } from "./adapter/stage.ts";

export type { Route, RouteGuard, RouteRequest } from "./adapter/application.ts";
export type { Application, ApplicationOptions, Serve, Served } from "./adapter/stage.ts";

const promises: Readonly<Record<string, AdapterCases>> = {
  "sign-in": signIn,
  "sign-out": signOut,
  guards,
  "sessions at hand": sessionsAtHand,
  outage,
  renewal,
  cookies,
  caching,
  "cross-site": crossSite,
  "CSRF token": csrfToken,
  network,
  sealed,
  "carry-over": carryOver,
  "one-time messages": flash,
  fingerprint,
  "remember me": remember,
  data,
  throttle,
  "live connections": liveConnections,
  secrecy,
};

/** An adapter under test. */
export interface AdapterUnderTest {
  /**
   * Puts the application on the framework and serves it on a free port of `127.0.0.1`, without TLS:
   *
   * - the adapter, for all routes, with `sessions` and `options` as they are;
   * - each of `routes`, its guard made with the adapter's own guards;
   * - error handling that answers an error with the status that it has as `status`, else 500.
   */
  readonly serve: Serve;
  /** Promises that the framework cannot keep, each with the reason. Nothing is ever skipped in silence. */
  readonly skip?: readonly { readonly reason: string; readonly promises: readonly string[] }[];
}

/**
 * Tests an adapter over real sockets: `describeAdapter("Hono", { serve })`, in a file that `node --test` runs.
 * @throws TypeError if `skip` names a promise that there is not.
 */
export function describeAdapter(name: string, { serve, skip = [] }: AdapterUnderTest): void {
  const reasons = new Map(skip.flatMap(({ reason, promises }) => promises.map((each) => [each, reason])));
  describe(`The adapter for ${name}`, () => {
    for (const [about, cases] of Object.entries(promises)) {
      describe(about, () => {
        for (const [promise, prove] of Object.entries(cases)) {
          test(promise, { skip: reasons.get(promise) ?? false }, () =>
            prove((play, options = {}) => onStage(serve, options, play)),
          );
          reasons.delete(promise);
        }
      });
    }
  });
  const [unknown] = reasons.keys();
  if (unknown !== undefined) throw new TypeError(`skip names no promise: ${JSON.stringify(unknown)}`);
}
