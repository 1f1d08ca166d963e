/** An outage of the users' database is not a sign-out, and not a wrong password: it is told apart from every answer. */
import type { AccountStore } from "./account-store.ts";

/** The users' database did not answer. Nobody was signed out; a write may or may not have happened. */
export class AccountsUnavailableError extends Error {
  constructor(cause: unknown) {
    super("The database of users failed", { cause });
  }
}

/** The same store, whose every failure is an `AccountsUnavailableError`. */
export function tellingOutages(store: AccountStore): AccountStore {
  return {
    isEmpty: () => tell(store.isEmpty()),
    find: (id) => tell(store.find(id)),
    findByEmail: (key) => tell(store.findByEmail(key)),
    list: (...args) => tell(store.list(...args)),
    insert: (user) => tell(store.insert(user)),
    insertFirst: (user) => tell(store.insertFirst(user)),
    insertFirstByLink: (...args) => tell(store.insertFirstByLink(...args)),
    replaceSetupLink: (...args) => tell(store.replaceSetupLink(...args)),
    changePassword: (...args) => tell(store.changePassword(...args)),
    rehashPassword: (...args) => tell(store.rehashPassword(...args)),
    setDisabled: (...args) => tell(store.setDisabled(...args)),
  };
}

async function tell<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (cause) {
    throw new AccountsUnavailableError(cause);
  }
}
