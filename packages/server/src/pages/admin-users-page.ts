/** The users: looking for one, and adding one. */
import type { Context, Hono } from "hono";
import { emailFault } from "../accounts/email.ts";
import { createUser, type Invitation, invite } from "../accounts/invite-user.ts";
import { listUsers, type UserPage } from "../accounts/list-users.ts";
import { tidyRoles, type User } from "../accounts/user.ts";
import type { AppEnv, House } from "../env.ts";
import { noLinkFor, ProblemError } from "../problems.ts";
import type { Words } from "../words/words.ts";
import { adminTabs } from "./admin-tabs.ts";
import { checkbox, errorSummary, type FormError, field, formError, readForm } from "./form.ts";
import { type Html, html } from "./html.ts";
import { page } from "./layout.ts";
import { exactTime, moment } from "./moment.ts";
import { empty, heading, table, tag, ticket } from "./parts.ts";

const limit = 50;

interface Typed {
  readonly email: string;
  readonly isAdministrator: boolean;
}

export function adminUsersPages(app: Hono<AppEnv>, house: House): void {
  const { accounts } = house;

  app.get("/admin/users", async (c) => {
    const { words } = c.var;
    const search = c.req.query("search") ?? "";
    const found = await listUsers(accounts, { limit, search, cursor: c.req.query("after") });
    const { users: said } = words.admin;
    const add = html`<a class="button" href="/admin/users/new">${said.add}</a>`;
    return page(c, () => ({
      title: said.title,
      width: "wide",
      body: html`${adminTabs(c)}${heading(said.title, said.lead, add)}
        ${searchForm(words, search)}
        ${found.users.length === 0 ? empty(said.nobody, said.nobodyHint) : userTable(words, found.users, house.sessions.now())}
        ${moreLink(words, found, search)}`,
    }));
  });

  app.get("/admin/users/new", (c) => newUserPage(c, { email: "", isAdministrator: false }));

  app.post("/admin/users/new", async (c) => {
    const form = await readForm(c);
    const typed = { email: form("email"), isAdministrator: form("administrator") === "yes" };
    const fault = typed.email ? emailFault(typed.email) : "email-missing";
    if (fault) return newUserPage(c, typed, [formError(c.var.words, "email", fault)]);
    const user = await createUser(accounts, typed.email, tidyRoles(typed.isAdministrator ? ["admin"] : []));
    if (!user) return newUserPage(c, typed, [formError(c.var.words, "email", "email-taken")]);
    return invitationPage(c, user, await invitationFor(house, user));
  });
}

/** @throws ProblemError if the user is disabled, or a newer link was made meanwhile. */
export async function invitationFor(house: House, user: User): Promise<Invitation> {
  const { accounts, origin, sessions } = house;
  const made = user.disabled ? undefined : await invite(accounts, user, origin, sessions.now());
  if (!made) throw new ProblemError(noLinkFor(user.disabled));
  return made;
}

/** The link is in this one answer and nowhere else. */
export function invitationPage(
  c: Context<AppEnv>,
  user: User,
  { setupLink, expiresAt }: Invitation,
): Promise<Response> {
  const { link } = c.var.words.admin;
  return page(c, () => ({
    title: link.title,
    width: "narrow",
    path: pathOf(user),
    body: ticket({
      title: link.title,
      lead: link.lead(html`<strong>${user.email}</strong>`),
      body: html`<div class="field">
          <label for="link">${link.name}</label>
          <p class="hint" id="link-hint">${link.hint(exactTime(c.var.words, expiresAt))}</p>
          <input id="link" readonly value="${setupLink}" aria-describedby="link-hint" autocomplete="off" spellcheck="false">
        </div>
        <p><a class="button" href="${pathOf(user)}">${link.done}</a></p>`,
    }),
  }));
}

export function pathOf({ id }: Pick<User, "id">): string {
  return `/admin/users/${encodeURIComponent(id)}`;
}

export function marksOf({ admin }: Words, { roles, disabled }: User): Html {
  return html`${roles.includes("admin") ? tag(admin.users.administrator) : tag(admin.users.user, "quiet")}
    ${disabled ? tag(admin.users.disabled, "bad") : ""}`;
}

function searchForm({ admin: { users } }: Words, search: string): Html {
  return html`<form class="search" method="get" action="/admin/users" role="search">
    <div class="field long">
      <label for="search">${users.search}</label>
      <input id="search" name="search" type="search" value="${search}" maxlength="254" autocomplete="off" spellcheck="false" autocapitalize="none">
    </div>
    <button class="plain">${users.find}</button>
  </form>`;
}

function userTable(words: Words, users: readonly User[], now: number): Html {
  const { users: said } = words.admin;
  return table(
    said.title,
    [said.email, said.rights, said.created],
    users.map((user) => [
      html`<a href="${pathOf(user)}">${user.email}</a>`,
      marksOf(words, user),
      moment(words, user.createdAt, now),
    ]),
  );
}

function moreLink({ admin }: Words, { next }: UserPage, search: string): Html | "" {
  if (!next) return "";
  const query = new URLSearchParams({ ...(search && { search }), after: next });
  return html`<p class="more"><a class="button plain" href="/admin/users?${query.toString()}">${admin.more}</a></p>`;
}

function newUserPage(
  c: Context<AppEnv>,
  { email, isAdministrator }: Typed,
  errors: readonly FormError[] = [],
): Promise<Response> {
  const { words } = c.var;
  const { newUser } = words.admin;
  return page(c, (csrf) => ({
    title: newUser.title,
    width: "narrow",
    status: errors.length > 0 ? 422 : 200,
    failed: errors.length > 0,
    path: "/admin/users/new",
    body: ticket({
      title: newUser.title,
      lead: newUser.lead,
      body: html`${errorSummary(words, errors)}
        <form method="post" novalidate action="/admin/users/new">
          ${csrf}
          ${field(words, { name: "email", label: newUser.email, type: "email", autocomplete: "off", value: email, autofocus: true }, errors)}
          ${checkbox({ name: "administrator", label: newUser.administrator, hint: newUser.administratorHint, checked: isAdministrator })}
          <button>${newUser.submit}</button>
        </form>
        <p><a class="button plain" href="/admin/users">${words.frame.back}</a></p>`,
    }),
  }));
}
