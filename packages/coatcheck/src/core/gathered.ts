/** Many questions of one turn of the event loop as one: it costs both sides a fraction of what each on its own would. */
import { within } from "./deadline.ts";
import { endOfTurn } from "./turn.ts";

/**
 * Gathers what is asked in one turn. A question joins those that were not sent yet, never an answer that is under way: so
 * it sees whatever was acknowledged before it was asked. What is asked twice is sent twice: to find that out for strings
 * that are new costs more than to answer them (V8 interns the keys of a map).
 */
export class Gathered<Question, Answer, Result> {
  readonly #send: (questions: readonly Question[]) => Promise<readonly Answer[]>;
  readonly #read: (answer: Answer, question: Question) => Result;
  readonly #timeout: () => number;
  /** Those that were not sent yet. */
  #questions: Question[] = [];
  /** What these will be answered; undefined while there are none. */
  #answers: Promise<readonly Answer[]> | undefined;

  /**
   * @param send gives the answers in the order of the questions.
   * @param read makes of an answer what was asked for. What it throws rejects that question alone.
   * @param timeout in milliseconds from when they are sent; then all of them reject.
   */
  constructor(
    send: (questions: readonly Question[]) => Promise<readonly Answer[]>,
    read: (answer: Answer, question: Question) => Result,
    timeout: () => number = () => Number.POSITIVE_INFINITY,
  ) {
    this.#send = send;
    this.#read = read;
    this.#timeout = timeout;
  }

  ask(question: Question): Promise<Result> {
    const at = this.#questions.push(question) - 1;
    this.#answers ??= endOfTurn().then(() => this.#sendAll());
    return this.#answers.then((answers) => this.#read(answers[at]!, question));
  }

  #sendAll(): Promise<readonly Answer[]> {
    const questions = this.#questions;
    this.#questions = [];
    this.#answers = undefined;
    return within(this.#timeout(), this.#send(questions));
  }
}
