/** The commands for users. */

import { unlock } from "../accounts/attempt.ts";
import { changeRights } from "../accounts/change-rights.ts";
import { emailFault } from "../accounts/email.ts";
import { passwordFault } from "../accounts/password-rules.ts";
import { tidyRoles, type User, userRoles } from "../accounts/user.ts";
import { nearest } from "../nearest.ts";
import { inEnglish } from "../words/refusals-en.ts";
import { type Command, FailedError, jsonOption, MisuseError } from "./command.ts";
import { assertSharedSessions, inExistingOffice, inOffice, userOf } from "./office.ts";
import { count, moment, printJson, printTable } from "./output.ts";
import { readPassword } from "./password-input.ts";

export const usersAdd: Command = {
  name: "users add",
  summary: "Create a user",
  arguments: ["<email>"],
  details: [
    "Asks for the password. Passwords are no arguments: other processes, and the shell's history, would see them.",
  ],
  options: {
    role: { value: "role", summary: `What the user may do: ${userRoles.join(" or ")}. Default: user` },
    "password-stdin": { summary: "Read the password from stdin, up to the end of the first line" },
    ...jsonOption,
  },
  async run(given) {
    const [email] = given.arguments as [string];
    const roles = rolesOf(given.value("role") ?? "user");
    const badEmail = emailFault(email);
    if (badEmail) throw new MisuseError(inEnglish(badEmail), usersAdd.name);
    await inOffice(async ({ accounts }) => {
      if (await accounts.findByEmail(email)) throw addressTaken(email);
      const password = await readPassword(given.has("password-stdin"));
      const badPassword = passwordFault(password, email);
      if (badPassword) throw new FailedError(inEnglish(badPassword));
      const user = await accounts.create({ email, password }, roles);
      if (!user) throw addressTaken(email);
      if (given.has("json")) printJson({ user: userJson(user) });
      else console.log(`${user.email} may sign in, as ${roles.join(" and ")}.`);
    });
  },
};

export const usersList: Command = {
  name: "users list",
  summary: "List all users",
  options: jsonOption,
  async run(given) {
    await inExistingOffice(async ({ accounts }) => {
      const users: User[] = [];
      for await (const user of accounts.all()) users.push(user);
      if (given.has("json")) return printJson({ users: users.map(userJson) });
      printTable(
        ["E-MAIL", "ROLES", "CREATED", "STATE"],
        users.map(({ email, roles, createdAt, disabled }) => [
          email,
          roles.join(" "),
          moment(createdAt),
          disabled ? "disabled" : "",
        ]),
      );
    });
  },
};

export const usersDisable: Command = {
  name: "users disable",
  summary: "Shut a user out: end all sessions, and let them sign in no more",
  arguments: ["<email>"],
  options: jsonOption,
  async run(given) {
    await inExistingOffice(async (office) => {
      const user = await userOf(office, given.arguments[0]!);
      const disabling = changeRights(office.accounts, office.sessions, user, { disabled: true });
      const { user: disabled, endedSessions } = (await disabling) ?? gone(user);
      if (given.has("json")) return printJson({ user: userJson(disabled), endedSessions });
      const ended =
        office.config.sessions.kind === "memory"
          ? "The running server ends sessions of theirs when they are used."
          : `${count(endedSessions, "session")} ended.`;
      console.log(`${user.email} is disabled. ${ended}`);
    });
  },
};

export const usersEnable: Command = {
  name: "users enable",
  summary: "Let a disabled user sign in again",
  arguments: ["<email>"],
  options: jsonOption,
  async run(given) {
    await inExistingOffice(async (office) => {
      const found = await userOf(office, given.arguments[0]!);
      const user = (await office.accounts.changeRights(found, { disabled: false })) ?? gone(found);
      if (given.has("json")) printJson({ user: userJson(user) });
      else console.log(`${user.email} may sign in.`);
    });
  },
};

export const usersUnlock: Command = {
  name: "users unlock",
  summary: "Let a user try passwords again at once, after too many wrong ones",
  arguments: ["<email>"],
  options: jsonOption,
  async run(given) {
    await inExistingOffice(async (office) => {
      assertSharedSessions(office);
      const user = await userOf(office, given.arguments[0]!);
      const wasLocked = await unlock(office.sessions, user.email);
      if (given.has("json")) return printJson({ user: userJson(user), forgottenFailures: wasLocked });
      console.log(
        wasLocked
          ? `All wrong passwords of ${user.email} are forgotten.`
          : `No wrong passwords of ${user.email} were remembered.`,
      );
    });
  },
};

function rolesOf(role: string): readonly string[] {
  if (userRoles.some((known) => known === role)) return tidyRoles([role]);
  const meant = nearest(role, userRoles);
  throw new MisuseError(
    `${JSON.stringify(role)} is no role. ${meant ? `Did you mean ${meant}?` : `Roles are ${userRoles.join(", ")}.`}`,
    usersAdd.name,
  );
}

function gone({ email }: User): never {
  throw new FailedError(`${email} is gone.`);
}

function addressTaken(email: string): FailedError {
  return new FailedError(`Somebody has the address ${JSON.stringify(email)} already.`);
}

function userJson({ id, email, roles, disabled, createdAt }: User) {
  return { id, email, roles, disabled, createdAt: new Date(createdAt).toISOString() };
}
