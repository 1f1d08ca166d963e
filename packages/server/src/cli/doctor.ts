/** Finding what is set up wrongly. */
import { type Finding, isHealthy } from "coatcheck";
import { readConfig } from "../config.ts";
import { type Examined, examineServer } from "../doctor/examination.ts";
import { type Command, FailedError, jsonOption } from "./command.ts";
import { count, printJson } from "./output.ts";

export const doctor: Command = {
  name: "doctor",
  summary: "Look for what is set up wrongly, and say what to do",
  details: [
    "Asks the running server at its public address, so that the proxies in between show, its stores, and the mail",
    "server. Changes nothing. Ends with 1 if it finds an error; warnings and notes are no errors.",
  ],
  options: jsonOption,
  async run(given) {
    const examined = await examineServer(readConfig(process.env));
    const { findings } = examined;
    if (given.has("json")) printJson(examined);
    else print(examined);
    if (isHealthy(findings)) return;
    const errors = findings.filter(({ severity }) => severity === "error");
    throw new FailedError(`The doctor found ${count(errors.length, "error")}.`);
  },
};

function print({ server, findings }: Examined): void {
  if (server) console.log(`The server at ${server} was asked.`);
  for (const finding of findings) console.log(`\n${paragraph(finding)}`);
  if (findings.length === 0) console.log("Everything is as it should be.");
}

function paragraph({ severity, what, why, fix }: Finding): string {
  return [`${severity.toUpperCase().padEnd(8)}${what}`, `        ${why}`, `     => ${fix}`].join("\n");
}
