/** What the command line says, and what is said of a configuration that is wrong. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { explanation } from "../../src/cli/explanation.ts";
import { readConfig } from "../../src/config.ts";
import type { Settings } from "../support/command-line.ts";

const commandLine = pathToFileURL(join(import.meta.dirname, "../../src/cli/command-line.ts")).href;

/** One process after another would take seconds to start. */
const script = `
  import { runCommandLine } from ${JSON.stringify(commandLine)};
  for (const words of JSON.parse(process.argv[1])) {
    const settings = words.filter((word) => /^[A-Z_]+=/.test(word));
    for (const [name, ...value] of settings.map((setting) => setting.split("="))) process.env[name] = value.join("=");
    await runCommandLine(words.slice(settings.length));
  }`;

/**
 * Runs commands one after the other, with `input` on their stdin, and returns what they print. Settings may stand before
 * a command, as in a shell; they hold from there on.
 */
export async function printedBy(
  commands: readonly (readonly string[])[],
  settings: Settings,
  input = "",
): Promise<string> {
  const child = spawn(process.execPath, ["--input-type=module", "-e", script, JSON.stringify(commands)], {
    env: { ...process.env, DEBUG: "*", ...settings },
    stdio: ["pipe", "pipe", "pipe"],
  });
  let printed = "";
  for (const output of [child.stdout, child.stderr]) output.on("data", (chunk) => (printed += String(chunk)));
  child.stdin.end(input);
  await once(child, "close");
  return printed;
}

/** Every command that changes or shows something. The passwords are those of people who mistake an argument. */
export function everyCommand(password: string): readonly (readonly string[])[] {
  return [
    ["users", "add", "dave@example.com", "--password-stdin"],
    ["users", "add", password],
    ["users", "add", "erin@example.com", "--password", password],
    ["users", "list", "--json"],
    ["users", "disable", "dave@example.com"],
    ["users", "enable", "dave@example.com"],
    ["users", "unlock", "dave@example.com"],
    ["sessions", "list", "--json"],
    ["sessions", "list"],
    ["sessions", "revoke", "--user", "dave@example.com"],
    ["keys", "list"],
    ["keys", "list", "--json"],
    ["keys", "rotate"],
    ["keys", "rotate", "--json"],
    ["audit", "list"],
    ["audit", "export"],
    ["audit", "verify"],
    ["audit", "head"],
    ["migrate"],
    ["doctor"],
    ["doctor", "--json"],
  ];
}

/** What is said of settings in which a secret was mistyped. Each value is a canary, as far as it is one. */
export const mistakes: readonly Settings[] = [
  { COATCHECK_SECRET: "20260101-abcd:c2VjcmV0LWNhbmFyeS1vZi1hLWtleS1zZWNyZXQ" },
  { COATCHECK_SECRET: "secret-canary-without-an-id" },
  { COATCHECK_METRICS_TOKEN: "metrics canary 1" },
  { COATCHECK_SMTP_URL: "smtp://postman:smtp-canary-1@/" },
  { COATCHECK_SMTP_URL: "smtp://postman:smtp-canary-2/x@localhost:25" },
  { COATCHECK_SMTP_URL: "http://postman:smtp-canary-3@localhost" },
  { COATCHECK_SMTP_URL: "smtp://:smtp-canary-4@localhost", COATCHECK_MAIL_FROM: "x" },
  { COATCHECK_DATABASE: "postgres://coatcheck:database-canary-1@localhost:x/coatcheck" },
  { COATCHECK_DATABASE: "postgres://coatcheck:database-canary-2/%@localhost/coatcheck?sslmode=odd" },
  { COATCHECK_DATABASE: "mysql://coatcheck:database-canary-3@localhost/coatcheck" },
  { COATCHECK_DATABASE: "redis://:database-canary-4@localhost" },
  { COATCHECK_SESSIONS: "redis://:sessions-canary-1@localhost:x" },
  { COATCHECK_ORIGIN: "https://ada:origin-canary-1@example.com/" },
  { COATCHECK_ADMIN_EMAIL: "ada@example.com", COATCHECK_ADMIN_PASSWORD: "pw-cny" },
  { COATCHECK_ADMIN_PASSWORD: "password canary alone" },
  { COATCHECK_PASSWORD: "setting-canary-unknown" },
];

/** Stores that do not answer, or are none. */
export const unreachable: readonly (readonly string[])[] = [
  ["COATCHECK_SESSIONS=redis://coatcheck:sessions-canary-2@127.0.0.1:1", "sessions", "list"],
  ["COATCHECK_SESSIONS=redis://coatcheck:sessions-canary-3@127.0.0.1:1/a/b", "sessions", "list"],
  [
    "COATCHECK_SESSIONS=",
    "COATCHECK_DATABASE=postgres://coatcheck:database-canary-5@127.0.0.1:1/x",
    "migrate",
  ],
  ["COATCHECK_DATABASE=postgres://coatcheck:database-canary-6@127.0.0.1:1/x?sslmode=verify-full", "doctor"],
];

export const canaryPattern: RegExp = /[\w -]*(?:canary|cny|c2VjcmV0)[\w -]*/;

export function explanationOf(settings: Settings): string {
  try {
    return JSON.stringify(readConfig(settings).notices);
  } catch (error) {
    return explanation(error);
  }
}
