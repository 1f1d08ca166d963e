/** Many questions of one turn of the event loop as one: it costs both sides a fraction of what each on its own would. */
import { endOfTurn } from "./turn.ts";

/**
 * Gathers what is asked in one turn. A question joins those that were not sent yet, never an answer that is under way: so
 * it sees whatever was acknowledged before it was asked. What is asked twice is sent twice: to find that out for strings
 * that are new costs more than to answer them (V8 interns the keys of a map).
 */
export class Gathered<Question, Answer> {
  readonly #send: (questions: readonly Question[]) => Promise<readonly Answer[]>;
  #questions: Question[] = [];
  #waiting: PromiseWithResolvers<Answer>[] = [];

  /** @param send gives the answers in the order of the questions. */
  constructor(send: (questions: readonly Question[]) => Promise<readonly Answer[]>) {
    this.#send = send;
  }

  ask(question: Question): Promise<Answer> {
    if (this.#waiting.length === 0) void endOfTurn().then(() => this.#answer());
    const asked = Promise.withResolvers<Answer>();
    this.#questions.push(question);
    this.#waiting.push(asked);
    return asked.promise;
  }

  async #answer(): Promise<void> {
    const questions = this.#questions;
    const waiting = this.#waiting;
    this.#questions = [];
    this.#waiting = [];
    try {
      const answers = await this.#send(questions);
      for (const [at, { resolve }] of waiting.entries()) resolve(answers[at]!);
    } catch (error) {
      for (const { reject } of waiting) reject(error);
    }
  }
}
