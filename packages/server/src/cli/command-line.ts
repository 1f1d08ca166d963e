/** The command line: finds the command, runs it, and says how it went. */
import { createRequire } from "node:module";
import { commandIn, leadingWords, readArguments } from "./arguments.ts";
import { auditExport, auditHead, auditList, auditVerify } from "./audit.ts";
import { type Command, MisuseError } from "./command.ts";
import { doctor } from "./doctor.ts";
import { explanation } from "./explanation.ts";
import { commandHelp, programHelp, programName } from "./help.ts";
import { keysGenerate, keysList, keysRotate } from "./keys.ts";
import { migrate } from "./migrate.ts";
import { serve } from "./serve.ts";
import { sessionsList, sessionsRevoke } from "./sessions.ts";
import { usersAdd, usersDisable, usersEnable, usersList, usersUnlock } from "./users.ts";

/** The first one is run when none is named. */
const commands: readonly Command[] = [
  serve,
  usersAdd,
  usersList,
  usersDisable,
  usersEnable,
  usersUnlock,
  sessionsList,
  sessionsRevoke,
  keysList,
  keysRotate,
  keysGenerate,
  auditVerify,
  auditList,
  auditExport,
  auditHead,
  migrate,
  doctor,
];

/** Returns the exit code: 0 all went well, 1 something failed, 2 it was called wrongly. */
export async function runCommandLine(args: readonly string[]): Promise<number> {
  process.stdout.on("error", endQuietly);
  try {
    await run(args);
    return 0;
  } catch (error) {
    console.error(explanation(error));
    if (!(error instanceof MisuseError)) return 1;
    console.error(`Try: ${[programName, ...(error.command ? [error.command] : []), "--help"].join(" ")}`);
    return 2;
  }
}

async function run(args: readonly string[]): Promise<void> {
  const plain = args.includes("--") ? args.slice(0, args.indexOf("--")) : args;
  if (plain[0] === "--version") return console.log(version());
  if (plain[0] === "help") return console.log(programHelp(commands));
  if (plain.some((arg) => arg === "--help" || arg === "-h")) return console.log(helpFor(plain));
  const { command, rest } = commandIn(commands, args);
  await command.run(readArguments(command, rest));
}

/** Where several commands could be meant, all of them. */
function helpFor(args: readonly string[]): string {
  const words = leadingWords(args);
  const isGroup = words.length === 1 && commands.some(({ name }) => name.startsWith(`${words[0]} `));
  if (words.length === 0 || isGroup) return programHelp(commands);
  return commandHelp(commandIn(commands, args).command);
}

/** Whoever reads has seen enough: `users list | head`. */
function endQuietly(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE") throw error;
  process.exit(0);
}

function version(): string {
  return createRequire(import.meta.url)("coatcheck-server/package.json").version;
}
