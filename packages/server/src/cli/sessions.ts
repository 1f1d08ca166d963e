/** The commands for sessions. */
import { type ClientInfo, type DormantBrowser, parseSessionId, type Session } from "coatcheck";
import type { User } from "../accounts/user.ts";
import { deviceName } from "../device-name.ts";
import { type Command, FailedError, jsonOption, MisuseError } from "./command.ts";
import { assertSharedSessions, inExistingOffice, type Office, userOf } from "./office.ts";
import { count, moment, printJson, printTable } from "./output.ts";

interface Signed<T> {
  readonly user: User;
  readonly in: T;
}

interface Found {
  readonly sessions: Signed<Session>[];
  /** Browsers without a session that may come back without a password. */
  readonly dormant: Signed<DormantBrowser>[];
}

export const sessionsList: Command = {
  name: "sessions list",
  summary: "List who is signed in, and where",
  options: { user: { value: "email", summary: "Only those of this user" }, ...jsonOption },
  async run(given) {
    await inExistingOffice(async (office) => {
      assertSharedSessions(office);
      const { sessions, dormant } = await devicesOf(office, given.value("user"));
      if (given.has("json")) {
        return printJson({ sessions: sessions.map(sessionJson), dormant: dormant.map(dormantJson) });
      }
      printTable(
        ["ID", "E-MAIL", "DEVICE", "ADDRESS", "SIGNED IN", "LAST SEEN", "REMEMBERED UNTIL"],
        [
          ...sessions.map(({ user, in: session }) => row(user, session, session.lastSeenAt)),
          ...dormant.map(({ user, in: browser }) => row(user, browser, browser.lastUsedAt)),
        ],
      );
    });
  },
};

export const sessionsRevoke: Command = {
  name: "sessions revoke",
  summary: "End a session, all of a user, or all there are",
  arguments: ["[id]"],
  options: {
    user: { value: "email", summary: "End all sessions of this user" },
    everybody: { summary: "End all sessions of all users" },
    ...jsonOption,
  },
  async run(given) {
    const [id] = given.arguments;
    const email = given.value("user");
    const everybody = given.has("everybody");
    if ([id !== undefined, email !== undefined, everybody].filter(Boolean).length !== 1) {
      throw new MisuseError(
        "Give the id of a session, --user and an address, or --everybody.",
        sessionsRevoke.name,
      );
    }
    await inExistingOffice(async (office) => {
      assertSharedSessions(office);
      const ended = everybody
        ? await revokeEverybody(office)
        : email === undefined
          ? await revokeOne(office, id!)
          : await revokeAll(office, email);
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

/** By way of the users, too: whoever signs in behind the walk has done so since. */
async function revokeEverybody({ accounts, sessions }: Office): Promise<number> {
  let ended = 0;
  for await (const user of accounts.all()) ended += await sessions.revokeAll(user.id);
  return ended;
}

/** By way of the users: a store finds sessions by their user, and has no other list of them. */
async function devicesOf(office: Office, email: string | undefined): Promise<Found> {
  const users = email === undefined ? office.accounts.all() : [await userOf(office, email)];
  const found: Found = { sessions: [], dormant: [] };
  for await (const user of users) {
    const { sessions, dormant } = await office.sessions.devices(user.id);
    found.sessions.push(...sessions.map((session) => ({ user, in: session })));
    found.dormant.push(...dormant.map((browser) => ({ user, in: browser })));
  }
  return found;
}

function row(user: User, device: Session | DormantBrowser, lastUsedAt: number): string[] {
  const { id, client, createdAt, rememberedUntil } = device;
  return [
    id,
    user.email,
    deviceName(client.userAgent),
    client.ip ?? "",
    moment(createdAt),
    moment(lastUsedAt),
    rememberedUntil === undefined ? "" : moment(rememberedUntil),
  ];
}

function sessionJson({ user, in: session }: Signed<Session>) {
  const { rememberedUntil } = session;
  return {
    id: session.id,
    user: { id: user.id, email: user.email },
    ...clientJson(session.client),
    amr: session.amr,
    createdAt: iso(session.createdAt),
    authenticatedAt: iso(session.authenticatedAt),
    lastSeenAt: iso(session.lastSeenAt),
    expiresAt: iso(session.expiresAt),
    ...(rememberedUntil !== undefined && { rememberedUntil: iso(rememberedUntil) }),
  };
}

function dormantJson({ user, in: browser }: Signed<DormantBrowser>) {
  return {
    id: browser.id,
    user: { id: user.id, email: user.email },
    ...clientJson(browser.client),
    createdAt: iso(browser.createdAt),
    lastUsedAt: iso(browser.lastUsedAt),
    rememberedUntil: iso(browser.rememberedUntil),
  };
}

function clientJson({ ip, userAgent }: ClientInfo) {
  return { device: deviceName(userAgent), ...(ip && { ip }), ...(userAgent && { userAgent }) };
}

function iso(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
