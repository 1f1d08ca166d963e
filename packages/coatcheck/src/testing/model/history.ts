/** Random histories, as plain data: a history that fails is printed, and can be pasted into a test of its own. */
import type * as FastCheck from "fast-check";
import type { ClientInfo } from "../../core/fingerprint.ts";
import type { ModelPolicy } from "./session-model.ts";

/** What becomes of an answer that carries a cookie. Late ones arrive in the order they were given, or never. */
export type Fate = "arrives" | "late" | "lost";

/**
 * One deed, or one thing that befalls. Numbers choose among what there is, round and round; sessions are counted from
 * the last one that began.
 */
export type Step =
  /** A browser signs a user in, over whatever session it has. */
  | {
      readonly do: "sign in";
      readonly who: number;
      readonly user: number;
      readonly stillValid: boolean;
      readonly answer: Fate;
    }
  /** A request is sent and answered. */
  | { readonly do: "use"; readonly who: number; readonly canRenew: boolean; readonly answer: Fate }
  /** A request is sent and is on its way. */
  | { readonly do: "send"; readonly who: number }
  /** The oldest request on its way arrives. */
  | { readonly do: "receive"; readonly who: number; readonly answer: Fate }
  /** A request arrives that another tab sent just before the cookie changed. */
  | { readonly do: "use late"; readonly who: number; readonly answer: Fate }
  /** The oldest answer on its way arrives. */
  | { readonly do: "deliver"; readonly who: number }
  | { readonly do: "renew"; readonly who: number; readonly answer: Fate }
  | { readonly do: "reauthenticate"; readonly who: number; readonly answer: Fate }
  | { readonly do: "sign out"; readonly who: number }
  /** A thief copies the cookie of a browser and uses it from some client from now on. */
  | { readonly do: "steal"; readonly who: number; readonly client: number }
  /** Somebody presents an invented token that is right in all but some parts. */
  | { readonly do: "guess"; readonly who: number; readonly wrong: "family" | "secret" | "both" | "id" }
  | { readonly do: "touch"; readonly session: number }
  | { readonly do: "update"; readonly session: number; readonly patch: Readonly<Record<string, unknown>> }
  | { readonly do: "count"; readonly session: number }
  | { readonly do: "revoke"; readonly session: number; readonly by: "owner" | "stranger" | "anyone" }
  | { readonly do: "revoke all"; readonly user: number; readonly except: number | undefined }
  | { readonly do: "list"; readonly user: number }
  | { readonly do: "prune" }
  /** Time passes: part of a duration of the policy. Clocks also go back a little. */
  | {
      readonly do: "wait";
      readonly part: number;
      readonly of: "grace" | "touchInterval" | "renewAfter" | "idleTimeout" | "absoluteTimeout";
    }
  /** Time passes until just before, at or just after something that is due for a session. */
  | {
      readonly do: "wait until";
      readonly session: number;
      readonly due: "idle" | "absolute" | "renewal" | "grace" | "tombstone";
      readonly off: -1 | 0 | 1;
    };

export interface History {
  readonly policy: ModelPolicy;
  readonly steps: readonly Step[];
}

/** Users that a careless store would take for one another. */
export const users: readonly string[] = ["ada", "Ada", "ada ", "ада́ 🧥"];

export const browsers = 3;

interface Client {
  /** Clients of one kind are alike: a lost successor is sent again to either. */
  readonly kind: string;
  readonly info: ClientInfo;
}

const firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
const chrome =
  "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36";

/** The first ones are the browsers'; a thief may have any. */
export const clients: readonly Client[] = [
  { kind: "firefox", info: { userAgent: firefox, language: "en-GB,en;q=0.5", ip: "192.0.2.1" } },
  { kind: "chrome", info: { userAgent: chrome, language: "en" } },
  { kind: "unknown", info: {} },
  {
    kind: "firefox",
    info: { userAgent: firefox.replaceAll("140", "141"), language: "en-US", ip: "203.0.113.9" },
  },
];

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

const defaults: ModelPolicy = {
  idleTimeout: 30 * minute,
  absoluteTimeout: 12 * hour,
  renewAfter: hour,
  grace: 30 * second,
  touchInterval: minute,
  maxSessions: Number.POSITIVE_INFINITY,
  onLimit: "evict-oldest",
};

/** Everything is near everything else. */
export const hasty: ModelPolicy = {
  ...defaults,
  idleTimeout: second,
  absoluteTimeout: 5 * second,
  renewAfter: 200,
  grace: 100,
  touchInterval: 50,
};

const policies: readonly ModelPolicy[] = [
  hasty,
  { ...hasty, renewAfter: 1, touchInterval: 0, maxSessions: 1 },
  { ...hasty, maxSessions: 2, onLimit: "refuse" },
  { ...hasty, maxSessions: 2 },
  { ...defaults, idleTimeout: 2 * hour },
  { ...defaults, maxSessions: 1, onLimit: "refuse" },
];

/** Keys that are special somewhere: to JavaScript, as array indexes, as nothing. */
const dataKeys = ["theme", "cart", "__proto__", "constructor", "0", ""];
const dataValues = ["dark", 0, null, [], { nested: { ключ: [1, "two", true] } }, "\u0000", "🧥"];

export function histories(fc: typeof FastCheck, length: number): FastCheck.Arbitrary<History> {
  const steps = fc.array(fc.oneof(...weighted(fc)), { maxLength: length, size: "max" });
  return fc.record({ policy: fc.constantFrom(...policies), steps });
}

/** What may be done, and how often compared with the rest. */
function weighted(fc: typeof FastCheck): FastCheck.WeightedArbitrary<Step>[] {
  const who = { who: fc.constantFrom(0, 0, 1, 1, 2, 3, 4, 5, 6, 7) };
  const session = { session: fc.constantFrom(0, 0, 0, 1, 1, 2, 3, 4) };
  const user = fc.constantFrom(0, 0, 0, 1, 1, 2, 3);
  const answer = { answer: fc.constantFrom<Fate>("arrives", "arrives", "arrives", "late", "lost") };
  const mostly = fc.constantFrom(true, true, true, true, true, true, false);
  const step = <S extends Step>(
    weight: number,
    what: S["do"],
    rest: { [K in keyof Omit<S, "do">]: FastCheck.Arbitrary<S[K]> },
  ): FastCheck.WeightedArbitrary<Step> => ({
    weight,
    arbitrary: fc.record({ do: fc.constant(what), ...rest }) as unknown as FastCheck.Arbitrary<Step>,
  });
  return [
    step<Of<"sign in">>(6, "sign in", { ...who, user, stillValid: mostly, ...answer }),
    step<Of<"use">>(14, "use", { ...who, canRenew: mostly, ...answer }),
    step<Of<"send">>(4, "send", who),
    step<Of<"receive">>(4, "receive", { ...who, ...answer }),
    step<Of<"use late">>(6, "use late", { ...who, ...answer }),
    step<Of<"deliver">>(4, "deliver", who),
    step<Of<"renew">>(6, "renew", { ...who, ...answer }),
    step<Of<"reauthenticate">>(3, "reauthenticate", { ...who, ...answer }),
    step<Of<"sign out">>(1, "sign out", who),
    step<Of<"steal">>(3, "steal", { ...who, client: fc.nat(clients.length - 1) }),
    step<Of<"guess">>(1, "guess", { ...who, wrong: fc.constantFrom("family", "both", "id", "secret") }),
    step<Of<"touch">>(2, "touch", session),
    step<Of<"update">>(3, "update", { ...session, patch: patches(fc) }),
    step<Of<"count">>(1, "count", session),
    step<Of<"revoke">>(2, "revoke", { ...session, by: fc.constantFrom("stranger", "owner", "anyone") }),
    step<Of<"revoke all">>(1, "revoke all", {
      user,
      except: fc.option(session.session, { nil: undefined }),
    }),
    step<Of<"list">>(2, "list", { user }),
    step<Of<"prune">>(1, "prune", {}),
    step<Of<"wait">>(7, "wait", {
      part: fc.constantFrom(0.3, 0.3, 1, 1, 0.01, -0.01),
      of: fc.constantFrom("grace", "grace", "touchInterval", "renewAfter", "idleTimeout"),
    }),
    step<Of<"wait until">>(6, "wait until", {
      ...session,
      due: fc.constantFrom(
        "renewal",
        "grace",
        "renewal",
        "grace",
        "renewal",
        "idle",
        "absolute",
        "tombstone",
      ),
      off: fc.constantFrom(0, -1, 1),
    }),
  ];
}

type Of<Deed extends Step["do"]> = Extract<Step, { readonly do: Deed }>;

function patches(fc: typeof FastCheck): FastCheck.Arbitrary<Record<string, unknown>> {
  const entry = fc.tuple(fc.constantFrom(...dataKeys), fc.constantFrom(...dataValues, undefined));
  return fc.array(entry, { maxLength: 3 }).map((entries) => Object.fromEntries(entries));
}
