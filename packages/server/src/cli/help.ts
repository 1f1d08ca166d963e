/** What `--help` prints. */
import type { Command } from "./command.ts";

export const programName = "coatcheck-server";

export function programHelp(commands: readonly Command[]): string {
  return [
    "A sign-in server, and its tools.",
    "",
    `Usage: ${programName} [command]`,
    "",
    "Commands:",
    ...columns(commands.map((command) => [signature(command), command.summary])),
    "",
    "Options of every command:",
    ...columns([["--help", "Explain the command"]]),
    ...columns([["--version", "Print the version"]]),
    "",
    "All commands read the settings of the server from the environment: COATCHECK_DATABASE and so on.",
    "They end with 0 when all went well, with 1 when something failed, and with 2 when they were called wrongly.",
  ].join("\n");
}

export function commandHelp(command: Command): string {
  const { summary, details = [], options = {} } = command;
  const described = Object.entries(options).map(([name, option]): [string, string] => [
    optionSignature(name, option.value),
    option.summary,
  ]);
  return [
    `${summary}.`,
    "",
    `Usage: ${programName} ${signature(command)}${described.length > 0 ? " [options]" : ""}`,
    ...(details.length > 0 ? ["", ...details] : []),
    ...(described.length > 0 ? ["", "Options:", ...columns(described)] : []),
  ].join("\n");
}

function signature({ name, arguments: given = [] }: Command): string {
  return [name, ...given].join(" ");
}

function optionSignature(name: string, value: string | undefined): string {
  return value === undefined ? `--${name}` : `--${name} <${value}>`;
}

function columns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([left]) => left.length), 26);
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`);
}
