/** The commands for sessions. */
import { parseSessionId, type Session } from "coatcheck";
import type { User } from "../accounts/user.ts";
import { deviceName } from "../device-name.ts";
import { type Command, FailedError, jsonOption, MisuseError } from "./command.ts";
import { assertSharedSessions, inExistingOffice, type Office, userOf } from "./office.ts";
import { count, moment, printJson, printTable } from "./output.ts";

interface Row {
  readonly user: User;
  readonly session: Session;
}

export const sessionsList: Command = {
  name: "sessions list",
  summary: "List who is signed in, and where",
  options: { user: { value: "email", summary: "Only those of this user" }, ...jsonOption },
  async run(given) {
    await inExistingOffice(async (office) => {
      assertSharedSessions(office);
      const rows = await sessionsOf(office, given.value("user"));
      if (given.has("json")) return printJson({ sessions: rows.map(rowJson) });
      printTable(
        ["ID", "E-MAIL", "DEVICE", "ADDRESS", "SIGNED IN", "LAST SEEN"],
        rows.map(({ user, session }) => [
          session.id,
          user.email,
          deviceName(session.client.userAgent),
          session.client.ip ?? "",
          moment(session.createdAt),
          moment(session.lastSeenAt),
        ]),
      );
    });
  },
};

export const sessionsRevoke: Command = {
  name: "sessions revoke",
  summary: "End a session, or all of a user",
  arguments: ["[id]"],
  options: { user: { value: "email", summary: "End all sessions of this user" }, ...jsonOption },
  async run(given) {
    const [id] = given.arguments;
    const email = given.value("user");
    if ((id === undefined) === (email === undefined)) {
      throw new MisuseError("Give the id of a session, or --user and an address.", sessionsRevoke.name);
    }
    await inExistingOffice(async (office) => {
      assertSharedSessions(office);
      const ended = email === undefined ? await revokeOne(office, id!) : await revokeAll(office, email);
      if (given.has("json")) printJson({ endedSessions: ended });
      else console.log(`${count(ended, "session")} ended.`);
    });
  },
};

async function revokeOne({ sessions }: Office, id: string): Promise<number> {
  const sessionId = parseSessionId(id);
  if (sessionId && (await sessions.revoke(sessionId))) return 1;
  throw new FailedError("There is no session of that id. sessions list shows those there are.");
}

async function revokeAll(office: Office, email: string): Promise<number> {
  const user = await userOf(office, email);
  return office.sessions.revokeAll(user.id);
}

/** By way of the users: a store finds sessions by their user, and has no other list of them. */
async function sessionsOf(office: Office, email: string | undefined): Promise<Row[]> {
  const users = email === undefined ? office.accounts.all() : [await userOf(office, email)];
  const rows: Row[] = [];
  for await (const user of users) {
    for (const session of await office.sessions.list(user.id)) rows.push({ user, session });
  }
  return rows;
}

function rowJson({ user, session }: Row) {
  const { ip, userAgent } = session.client;
  const iso = (milliseconds: number) => new Date(milliseconds).toISOString();
  return {
    id: session.id,
    user: { id: user.id, email: user.email },
    device: deviceName(userAgent),
    ...(ip && { ip }),
    ...(userAgent && { userAgent }),
    amr: session.amr,
    createdAt: iso(session.createdAt),
    authenticatedAt: iso(session.authenticatedAt),
    lastSeenAt: iso(session.lastSeenAt),
    expiresAt: iso(session.expiresAt),
  };
}
