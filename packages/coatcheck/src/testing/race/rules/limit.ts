/** A user never has more sessions than allowed: not after a sign-in was answered, and not in a list. */
import { isAnswered, type Operation, type Violation } from "../history.ts";
import { grouped, type KnownSession, type Ledger } from "../ledger.ts";

export function limit(ledger: Ledger): Violation[] {
  return [...longLists(ledger), ...crowds(ledger)];
}

function* longLists(ledger: Ledger): Generator<Violation> {
  for (const operation of ledger.operations) {
    if (operation.do !== "list" || !isAnswered(operation)) continue;
    const maximum = ledger.history.terms.limits[operation.asked.user];
    if (maximum === undefined || operation.answer.length <= maximum) continue;
    yield {
      rule: "limit",
      what: `${operation.asked.user} may have ${maximum} sessions, and has ${operation.answer.join(", ")}`,
      operations: [operation],
    };
  }
}

/** A session that was certainly alive all this time. */
interface Life {
  readonly session: KnownSession;
  readonly from: number;
  readonly until: number;
  /** What shows that it still was. */
  readonly by: Operation;
}

/** A session lives without a break: what opens it shows that it was alive ever since it was first answered. */
function* crowds(ledger: Ledger): Generator<Violation> {
  const lives = grouped(livesOf(ledger), ({ session }) => session.user);
  for (const [user, maximum] of Object.entries(ledger.history.terms.limits)) {
    const crowd = crowdOf(lives.get(user) ?? [], maximum);
    if (!crowd) continue;
    yield {
      rule: "limit",
      what: `${user} may have ${maximum} sessions, and had ${crowd.map(({ session }) => session.id).join(", ")} at once`,
      operations: crowd.map(({ by }) => by),
    };
  }
}

function livesOf(ledger: Ledger): Life[] {
  const lives = new Map<string, Life>();
  for (const operation of ledger.operations) {
    for (const session of ledger.shownAlive(operation)) {
      const until = operation.start - ledger.staleness(operation);
      const known = lives.get(session.id);
      if (until <= (known?.until ?? session.knownAt)) continue;
      lives.set(session.id, { session, from: session.knownAt, until, by: operation });
    }
  }
  return [...lives.values()];
}

/** More than `maximum` that were alive at the same time. */
function crowdOf(lives: readonly Life[], maximum: number): Life[] | undefined {
  let present: Life[] = [];
  for (const life of lives.toSorted((a, b) => a.from - b.from)) {
    present = [...present.filter(({ until }) => until > life.from), life];
    if (present.length > maximum) return present;
  }
  return undefined;
}
