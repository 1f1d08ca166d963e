/** What an administrator can do to somebody else, each after having been asked. */
import { changeRights } from "../accounts/change-rights.ts";
import { type Rights, tidyRoles, type User } from "../accounts/user.ts";
import type { House } from "../env.ts";
import { forbidden, ownRights, ProblemError } from "../problems.ts";
import type { AdminWords, AskedWords } from "../words/admin-en.ts";
import type { NoticeName } from "./notices.ts";

export interface Deed {
  readonly words: (admin: AdminWords) => AskedWords;
  readonly isHarmless: boolean;
  readonly isFor: (user: User) => boolean;
  readonly does: (house: House, user: User, by: User) => Promise<unknown>;
  readonly done: NoticeName;
}

export type DeedName = "promote" | "demote" | "disable" | "enable" | "end-sessions";

export const deeds: Readonly<Record<DeedName, Deed>> = {
  promote: {
    words: ({ promote }) => promote,
    isHarmless: true,
    isFor: ({ roles }) => !roles.includes("admin"),
    does: changing({ roles: tidyRoles(["admin"]) }),
    done: "rights-changed",
  },
  demote: {
    words: ({ demote }) => demote,
    isHarmless: false,
    isFor: ({ roles }) => roles.includes("admin"),
    does: changing({ roles: tidyRoles([]) }),
    done: "rights-changed",
  },
  "end-sessions": {
    words: ({ endSessions }) => endSessions,
    isHarmless: false,
    isFor: ({ disabled }) => !disabled,
    does: ({ sessions }, user) => sessions.revokeAll(user.id),
    done: "sessions-ended",
  },
  disable: {
    words: ({ disable }) => disable,
    isHarmless: false,
    isFor: ({ disabled }) => !disabled,
    does: changing({ disabled: true }),
    done: "user-disabled",
  },
  enable: {
    words: ({ enable }) => enable,
    isHarmless: true,
    isFor: ({ disabled }) => disabled,
    does: changing({ disabled: false }),
    done: "user-enabled",
  },
};

export function deedsFor(user: User): [DeedName, Deed][] {
  return (Object.entries(deeds) as [DeedName, Deed][]).filter(([, { isFor }]) => isFor(user));
}

/** @throws ProblemError */
export function refuseOwn(user: User, by: User): void {
  if (user.id === by.id) throw new ProblemError(ownRights());
}

function changing(change: Partial<Rights>): Deed["does"] {
  return async ({ accounts, sessions }, user, by) => {
    if (!(await changeRights(accounts, sessions, user, change, by))) throw new ProblemError(forbidden());
  };
}
