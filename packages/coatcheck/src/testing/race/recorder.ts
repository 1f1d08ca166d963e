/** Writes a history down while it happens. Secrets get short names: a history can be printed and kept. */
import type { Operation, OperationOf, RaceHistory, Span, Terms, ToldEnd } from "./history.ts";
import type { NodeProcess } from "./node-process.ts";
import type { Question } from "./serve-node.ts";

type Recorded = Operation["do"];

/** What is asked, and how it is written down. */
export interface Inquiry<Do extends Recorded> {
  readonly do: Do;
  readonly asked: OperationOf<Do>["asked"];
  readonly question: Question;
  /** What a sign-in or a return that is under way is told. */
  readonly stillValid?: () => boolean;
}

export type AnswerOf<Do extends Recorded> = NonNullable<OperationOf<Do>["answer"]>;

export class Recorder {
  readonly operations: Operation[] = [];
  readonly #ends: ToldEnd[] = [];
  readonly faults: Span[] = [];
  /** How many operations had no answer so far. */
  failures = 0;
  readonly #names = new Map<string, string>();
  readonly #counted = new Map<string, number>();

  watch(node: NodeProcess): void {
    node.onEnd((session, type, at) => {
      this.#ends.push({ node: node.name, session: this.name("S", session), type, at });
    });
  }

  /** Asks a node, writes down what was asked and what came of it, and gives the answer as it came. */
  async ask<Do extends Recorded>(
    node: NodeProcess,
    { do: deed, asked, question, stillValid }: Inquiry<Do>,
  ): Promise<AnswerOf<Do> | undefined> {
    const { start, end, answer, failed } = await node.ask(question, stillValid);
    if (answer === undefined) this.failures++;
    this.operations.push({
      do: deed,
      asked: this.#named(asked),
      node: node.name,
      start,
      ...(end !== undefined && { end }),
      ...(answer !== undefined && { answer: this.#named(answer) }),
      ...(failed !== undefined && { failed }),
    } as Operation);
    return answer as AnswerOf<Do> | undefined;
  }

  /** The short name of a session, token or remembered browser. */
  name(kind: "S" | "T" | "R", of: string): string {
    const known = this.#names.get(of);
    if (known) return known;
    const number = (this.#counted.get(kind) ?? 0) + 1;
    this.#counted.set(kind, number);
    const name = `${kind}${number}`;
    this.#names.set(of, name);
    return name;
  }

  history(terms: Terms): RaceHistory {
    return { terms, operations: this.operations, ends: this.#ends, faults: this.faults };
  }

  #named(value: unknown): unknown {
    if (Array.isArray(value)) return value.map((session) => this.name("S", session));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([field, inner]) => {
        const kind = kinds[field];
        return [field, kind && typeof inner === "string" ? this.name(kind, inner) : inner];
      }),
    );
  }
}

/** What the fields of questions and answers are. */
const kinds: Readonly<Record<string, "S" | "T" | "R" | undefined>> = {
  session: "S",
  replaced: "S",
  except: "S",
  token: "T",
  over: "T",
  successor: "T",
  remember: "R",
};
