/** Many questions of one turn of the event loop as one: it costs both sides a fraction of what each on its own would. */
import { endOfTurn } from "./turn.ts";

/**
 * Gathers what is asked in one turn. Whoever asks for the same shares the answer. A question joins those that were not
 * sent yet, never an answer that is under way: so it sees whatever was acknowledged before it was asked.
 */
export class Gathered<Question, Answer> {
  readonly #send: (questions: readonly Question[]) => Promise<readonly Answer[]>;
  #asked = new Map<Question, PromiseWithResolvers<Answer>>();

  /** @param send gives the answers in the order of the questions. */
  constructor(send: (questions: readonly Question[]) => Promise<readonly Answer[]>) {
    this.#send = send;
  }

  ask(question: Question): Promise<Answer> {
    const shared = this.#asked.get(question);
    if (shared) return shared.promise;
    if (this.#asked.size === 0) void endOfTurn().then(() => this.#answer());
    const asked = Promise.withResolvers<Answer>();
    this.#asked.set(question, asked);
    return asked.promise;
  }

  async #answer(): Promise<void> {
    const asked = this.#asked;
    this.#asked = new Map();
    try {
      const answers = await this.#send([...asked.keys()]);
      let at = 0;
      for (const { resolve } of asked.values()) resolve(answers[at++]!);
    } catch (error) {
      for (const { reject } of asked.values()) reject(error);
    }
  }
}
