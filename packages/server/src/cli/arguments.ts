/** Reads what follows the name of the program. */
import { type ParseArgsConfig, parseArgs } from "node:util";
import { parseSessionId } from "coatcheck";
import { nearest } from "../nearest.ts";
import { type Command, type Given, MisuseError } from "./command.ts";

/** The command that is called, and what is left for it. `serve` needs not be said. */
export function commandIn(
  commands: readonly Command[],
  args: readonly string[],
): { readonly command: Command; readonly rest: readonly string[] } {
  const words = leadingWords(args);
  const called = commands.findLast(({ name }) => startsWith(words, name.split(" ")));
  if (called) return { command: called, rest: args.slice(called.name.split(" ").length) };
  if (words.length === 0) return { command: commands[0]!, rest: args };
  throw unknownCommand(commands, words);
}

/** @throws MisuseError for what the command does not take. */
export function readArguments(command: Command, given: readonly string[]): Given {
  const args = withIdsLast(given);
  const options: ParseArgsConfig["options"] = {};
  for (const [name, { value }] of Object.entries(command.options ?? {})) {
    options[name] = { type: value === undefined ? "boolean" : "string" };
  }
  const { values, positionals } = parsed(command, args, options);
  checkCount(command, positionals);
  return {
    arguments: positionals,
    value: (option) => values[option] as string | undefined,
    has: (option) => values[option] !== undefined,
  };
}

/** One id of 64 begins with a dash, and would be taken for an option. Nobody knows that of an id that they copied. */
function withIdsLast(args: readonly string[]): readonly string[] {
  const isOddId = (arg: string) => arg.startsWith("-") && parseSessionId(arg) !== undefined;
  if (args.includes("--") || !args.some(isOddId)) return args;
  return [...args.filter((arg) => !isOddId(arg)), "--", ...args.filter(isOddId)];
}

function parsed(command: Command, args: readonly string[], options: NonNullable<ParseArgsConfig["options"]>) {
  const { tokens } = parseArgs({ args: [...args], options, strict: false, tokens: true });
  const seen = new Set<string>();
  for (const token of tokens) {
    if (token.kind !== "option") continue;
    if (!Object.hasOwn(options, token.name)) throw unknownOption(command, token.rawName);
    if (seen.has(token.name)) throw new MisuseError(`${token.rawName} is given twice.`, command.name);
    seen.add(token.name);
    checkValue(command, token);
  }
  return parseArgs({ args: [...args], options, allowPositionals: true });
}

/** An option after which another one stands has no value: it was forgotten. */
function checkValue(
  command: Command,
  {
    name,
    rawName,
    value,
    inlineValue,
  }: { name: string; rawName: string; value?: string | undefined; inlineValue?: boolean | undefined },
): void {
  const { value: wanted } = command.options![name]!;
  if (wanted === undefined && value !== undefined) {
    throw new MisuseError(`${rawName} takes no value.`, command.name);
  }
  const isMissing = value === undefined || value === "" || (!inlineValue && value.startsWith("-"));
  if (wanted !== undefined && isMissing) throw new MisuseError(`${rawName} needs <${wanted}>.`, command.name);
}

function checkCount({ name, arguments: wanted = [] }: Command, given: readonly string[]): void {
  const missing = wanted.slice(given.length).filter((argument) => argument.startsWith("<"));
  if (missing.length > 0) throw new MisuseError(`${missing[0]} is missing.`, name);
  const [surplus] = given.slice(wanted.length);
  if (surplus !== undefined) throw new MisuseError(`${name} does not take ${JSON.stringify(surplus)}.`, name);
}

/** What stands before the first option. */
export function leadingWords(args: readonly string[]): readonly string[] {
  const end = args.findIndex((arg) => arg.startsWith("-"));
  return end === -1 ? args : args.slice(0, end);
}

function startsWith(words: readonly string[], name: readonly string[]): boolean {
  return name.every((word, index) => words[index] === word);
}

function unknownCommand(commands: readonly Command[], words: readonly string[]): MisuseError {
  const names = commands.map(({ name }) => name);
  const [first, second] = words as [string, string?];
  const group = names.filter((name) => name.startsWith(`${first} `));
  if (group.length > 0 && second === undefined) {
    return new MisuseError(
      `${first} is followed by one of ${group.map((name) => name.split(" ")[1]).join(", ")}.`,
    );
  }
  const said = group.length > 0 || nearest(`${first} ${second}`, names) ? `${first} ${second}` : first;
  return new MisuseError(`${JSON.stringify(said)} is no command.${didYouMean(nearest(said, names))}`);
}

function unknownOption(command: Command, rawName: string): MisuseError {
  const names = Object.keys(command.options ?? {}).map((name) => `--${name}`);
  const meant = nearest(rawName, names);
  const takes = names.length > 0 ? ` It takes ${names.join(", ")}.` : " It takes no options.";
  return new MisuseError(
    `${command.name} has no option ${rawName}.${meant ? didYouMean(meant) : takes}`,
    command.name,
  );
}

function didYouMean(meant: string | undefined): string {
  return meant === undefined ? "" : ` Did you mean ${meant}?`;
}
