/** The side of a node's process: does what the race asks, and says when it began and ended. */
import { type Ability, type RaceNode, type RaceSettings, type RevokeReason, raceTime } from "./node.ts";

/** What the race asks a node. `SignIn` and `resume` may ask back. */
export type Question =
  | { readonly do: "sign in"; readonly user: string; readonly remember: boolean; readonly over?: string }
  | { readonly do: "validate"; readonly token: string; readonly canRenew: boolean; readonly strict: boolean }
  | { readonly do: "renew"; readonly token: string }
  | { readonly do: "reauthenticate"; readonly token: string }
  | { readonly do: "resume"; readonly remember: string }
  | { readonly do: "write"; readonly session: string; readonly key: string; readonly value: number }
  | { readonly do: "count"; readonly session: string; readonly key: string }
  | { readonly do: "revoke"; readonly session: string }
  | {
      readonly do: "revoke all";
      readonly user: string;
      readonly except?: string;
      readonly reason: RevokeReason;
    }
  | { readonly do: "list"; readonly user: string }
  | { readonly do: "ready" }
  | { readonly do: "set clock"; readonly offset: number };

export type ToNode =
  | { readonly number: number; readonly question: Question }
  | { readonly number: number; readonly stillValid: boolean };

export type FromNode =
  | { readonly abilities: readonly Ability[] }
  | {
      readonly number: number;
      readonly start: number;
      readonly end: number;
      readonly answer?: unknown;
      readonly failed?: string;
    }
  /** Whether what the question was asked with still holds. */
  | { readonly number: number; readonly stillValid: "?" }
  | { readonly ended: string; readonly type: string; readonly at: number };

const abilities: readonly Ability[] = [
  "renew",
  "reauthenticate",
  "resume",
  "write",
  "count",
  "list",
  "onEnd",
  "ready",
  "setClock",
];

/**
 * The whole program of a node's process: `serveRaceNode((settings) => …)`. The process ends with the race that started it.
 */
export async function serveRaceNode(
  open: (settings: RaceSettings) => RaceNode | Promise<RaceNode>,
): Promise<void> {
  const waiting = new Map<number, (valid: boolean) => void>();
  process.on("disconnect", () => process.exit());
  const settings = JSON.parse(process.env.COATCHECK_RACE ?? "{}") as RaceSettings;
  const node = await open(settings);
  node.onEnd?.((ended, type) => tell({ ended, type, at: raceTime() }));

  process.on("message", (message: ToNode) => {
    const { number } = message;
    if ("stillValid" in message) waiting.get(number)?.(message.stillValid);
    else void reply(number, message.question);
  });
  tell({ abilities: abilities.filter((ability) => node[ability] !== undefined) });

  const stillValid = (number: number) => () => {
    tell({ number, stillValid: "?" });
    return new Promise<boolean>((resolve) => waiting.set(number, resolve));
  };

  async function reply(number: number, question: Question): Promise<void> {
    const start = raceTime();
    try {
      const answer = await act(node, question, stillValid(number));
      tell({ number, start, end: raceTime(), answer });
    } catch (error) {
      tell({ number, start, end: raceTime(), failed: wordsOf(error) });
    } finally {
      waiting.delete(number);
    }
  }
}

function act(node: RaceNode, question: Question, stillValid: () => Promise<boolean>): unknown {
  switch (question.do) {
    case "sign in": {
      const { user, remember, over } = question;
      return node.signIn(user, { remember, stillValid, ...(over !== undefined && { over }) });
    }
    case "validate":
      return node.validate(question.token, question);
    case "renew":
      return node.renew!(question.token);
    case "reauthenticate":
      return node.reauthenticate!(question.token);
    case "resume":
      return node.resume!(question.remember, { stillValid });
    case "write":
      return node.write!(question.session, question.key, question.value);
    case "count":
      return node.count!(question.session, question.key);
    case "revoke":
      return node.revoke(question.session);
    case "revoke all":
      return node.revokeAll(question.user, question);
    case "list":
      return node.list!(question.user);
    case "ready":
      return node.ready?.() ?? true;
    case "set clock":
      return node.setClock?.(question.offset) ?? true;
  }
}

function tell(message: FromNode): void {
  // Whoever asked may be gone: the process is about to end.
  if (process.connected) process.send!(message);
}

/** An outage wraps what the backend said. */
function wordsOf(error: unknown): string {
  const { message = String(error), cause } = error as Error;
  return cause instanceof Error ? `${message}: ${cause.message}` : message;
}
