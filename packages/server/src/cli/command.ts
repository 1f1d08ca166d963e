/** What a command of `coatcheck-server` is. */

export interface Command {
  /** The words that call it: `users add`. */
  readonly name: string;
  /** One line, for the list of commands. */
  readonly summary: string;
  /** What must be known to use it. */
  readonly details?: readonly string[];
  /** What follows the name, as help shows it: `<email>`, and in brackets if it may be missing: `[id]`. */
  readonly arguments?: readonly string[];
  readonly options?: Readonly<Record<string, Option>>;
  run(given: Given): Promise<void>;
}

export interface Option {
  readonly summary: string;
  /** What its value is called; a switch has none. */
  readonly value?: string;
}

/** What a person gave to a command. */
export interface Given {
  readonly arguments: readonly string[];
  /** The value of an option. */
  value(option: string): string | undefined;
  has(option: string): boolean;
}

/** The command was not called as it can be called. */
export class MisuseError extends Error {
  /** What helps on: `users add`, or the program itself. */
  readonly command: string | undefined;

  constructor(message: string, command?: string) {
    super(message);
    this.command = command;
  }
}

/** The command was understood, and could not be done. The message says why and what to do. */
export class FailedError extends Error {}

export const jsonOption: Readonly<Record<"json", Option>> = {
  json: { summary: "Print JSON, for programs" },
};
