/** Takes a password from a person or a program, and shows it to nobody. */
import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import { text } from "node:stream/consumers";
import { FailedError, MisuseError } from "./command.ts";

/** @param piped from stdin without asking, for programs. */
export async function readPassword(piped: boolean): Promise<string> {
  if (piped) return (await text(process.stdin)).split(/\r?\n/, 1)[0]!;
  if (!process.stdin.isTTY) {
    throw new MisuseError("Nobody can be asked for the password here. Use --password-stdin.", "users add");
  }
  const password = await ask("Password: ");
  if ((await ask("Again: ")) !== password) throw new FailedError("These were two different passwords.");
  return password;
}

/** The terminal's echo goes nowhere. */
async function ask(question: string): Promise<string> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: nowhere, terminal: true });
  process.stderr.write(question);
  try {
    return await new Promise((resolve, reject) => {
      lines.once("line", resolve);
      lines.once("close", () => reject(new FailedError("No password was given.")));
    });
  } finally {
    lines.close();
    process.stderr.write("\n");
  }
}
