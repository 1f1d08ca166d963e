/** Making the tables, or printing how. */
import { type Config, readConfig } from "../config.ts";
import { sameAddress, shownAddress } from "../store-address.ts";
import { type Command, FailedError, jsonOption, MisuseError } from "./command.ts";
import { inOffice } from "./office.ts";
import { printJson } from "./output.ts";

export const migrate: Command = {
  name: "migrate",
  summary: "Make the tables, or bring them up to date",
  details: [
    "The server does so itself when it starts. This is for those who do not let it: run migrate, or what --print",
    "prints, as a database user who may create tables. Servers of the same release can run meanwhile.",
  ],
  options: {
    print: { summary: "Print the SQL for an empty PostgreSQL database instead of running it" },
    ...jsonOption,
  },
  async run(given) {
    if (given.has("print")) {
      if (given.has("json"))
        throw new MisuseError("--print prints SQL, so it excludes --json.", migrate.name);
      console.log(await migrationSql(readConfig(process.env, "tools")));
      return;
    }
    await inOffice(async ({ config: { database, sessions } }) => {
      const places = sameAddress(database, sessions) ? [database] : [database, sessions];
      const shown = places.map(shownAddress);
      if (given.has("json")) printJson({ upToDate: shown });
      else for (const place of shown) console.log(`${place} is up to date.`);
    });
  },
};

async function migrationSql({ database, sessions }: Config): Promise<string> {
  const parts: string[] = [];
  if (database.kind === "postgres") {
    const { accountsMigration } = await import("../accounts/postgres-accounts-schema.ts");
    parts.push(`-- Users, in ${shownAddress(database)}`, accountsMigration());
    const { postgresMigration } = await import("coatcheck/postgres");
    parts.push(`-- Sessions and the audit, in ${shownAddress(database)}`, postgresMigration());
  }
  if (sessions.kind === "postgres" && !sameAddress(database, sessions)) {
    const { postgresMigration } = await import("coatcheck/postgres");
    parts.push(`-- Sessions, in ${shownAddress(sessions)}`, postgresMigration());
  }
  if (parts.length > 0) return parts.join("\n").trimEnd();
  throw new FailedError("There is nothing to print: neither users nor sessions are in PostgreSQL.");
}
