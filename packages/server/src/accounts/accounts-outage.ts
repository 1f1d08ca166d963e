/** An outage of the users' database is not a sign-out, and not a wrong password: it is told apart from every answer. */

/** The users' database did not answer. Nobody was signed out; a write may or may not have happened. */
export class AccountsUnavailableError extends Error {
  constructor(cause: unknown) {
    super("The database of users failed", { cause });
  }
}

/** The same store, whose every failure is an `AccountsUnavailableError`. */
export function tellingOutages<T extends object>(store: T): T {
  return new Proxy(store, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      return typeof member === "function" ? (...args: unknown[]) => tell(member.apply(target, args)) : member;
    },
  });
}

async function tell<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (cause) {
    throw new AccountsUnavailableError(cause);
  }
}
