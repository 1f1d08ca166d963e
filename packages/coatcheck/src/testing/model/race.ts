/** Random races, as plain data: how a session stands, and what happens to it at the same time. */
import type * as FastCheck from "fast-check";
import { hasty } from "./history.ts";
import type { ModelPolicy } from "./session-model.ts";

/** How the session stands when the race begins. */
export type Standing =
  | "fresh"
  /** Its secret is due for renewal, its use for being noted. */
  | "due"
  /** A successor was sent and has not come back. */
  | "renewing"
  /** A renewal was just completed: the former token is in its grace. */
  | "renewed"
  /** The grace of a former token is over: using it gives a theft away. */
  | "stolen";

/** What one of the racers does. */
export type Deed =
  | { readonly do: "use"; readonly token: "held" | "former"; readonly canRenew: boolean }
  | { readonly do: "renew" }
  | { readonly do: "reauthenticate" }
  | { readonly do: "touch" }
  /** Writes a key of its own. */
  | { readonly do: "write" }
  /** Adds one to a key that others add to. */
  | { readonly do: "count" }
  /** Ends the session, and tries everything on it as soon as that is answered. */
  | { readonly do: "revoke" }
  | { readonly do: "revoke all"; readonly sparing: boolean }
  /** Signs in, asking afterwards whether the password is still the same. */
  | { readonly do: "sign in"; readonly over: boolean }
  /** Writes the new password, and ends all sessions then. */
  | { readonly do: "change password" }
  | { readonly do: "prune" };

export interface Race {
  readonly policy: ModelPolicy;
  readonly standing: Standing;
  readonly deeds: readonly Deed[];
}

const policies: readonly ModelPolicy[] = [
  hasty,
  { ...hasty, maxSessions: 1 },
  { ...hasty, maxSessions: 2 },
  { ...hasty, maxSessions: 2, onLimit: "refuse" },
];

export function races(fc: typeof FastCheck): FastCheck.Arbitrary<Race> {
  const times = (weight: number, ...deeds: readonly Deed[]) => ({
    weight,
    arbitrary: fc.constantFrom(...deeds),
  });
  const deed = fc.oneof(
    times(4, { do: "use", token: "held", canRenew: true }, { do: "use", token: "held", canRenew: false }),
    times(1, { do: "use", token: "former", canRenew: true }),
    times(3, { do: "renew" }),
    times(2, { do: "reauthenticate" }),
    times(1, { do: "touch" }),
    times(3, { do: "write" }),
    times(3, { do: "count" }),
    times(2, { do: "revoke" }),
    times(1, { do: "revoke all", sparing: false }, { do: "revoke all", sparing: true }),
    times(3, { do: "sign in", over: false }, { do: "sign in", over: true }),
    times(1, { do: "change password" }),
    times(1, { do: "prune" }),
  );
  return fc.record({
    policy: fc.constantFrom(...policies),
    standing: fc.constantFrom<Standing>("fresh", "due", "renewing", "renewed", "stolen"),
    deeds: fc.array(deed, { minLength: 2, maxLength: 5, size: "max" }),
  });
}
