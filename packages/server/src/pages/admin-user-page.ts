/** One user: what they may do, where they are signed in, and what an administrator can do about it. */
import { type Devices, parseSessionId } from "coatcheck";
import type { Context, Hono } from "hono";
import type { User } from "../accounts/user.ts";
import type { AppEnv, House } from "../env.ts";
import { notFound, ProblemError } from "../problems.ts";
import { adminTabs } from "./admin-tabs.ts";
import { type Deed, type DeedName, deeds, deedsFor, refuseOwn } from "./admin-user-deeds.ts";
import { invitationFor, invitationPage, marksOf, pathOf } from "./admin-users-page.ts";
import { askPage } from "./ask-page.ts";
import { deviceTitle, dormantCard, dormantFacts, sessionCard, sessionFacts } from "./device-card.ts";
import { readForm } from "./form.ts";
import { type Html, html } from "./html.ts";
import { page } from "./layout.ts";
import { moment } from "./moment.ts";
import { notice, withNotice } from "./notices.ts";
import { empty, facts, heading } from "./parts.ts";

const one = "/admin/users/:id";

export function adminUserPages(app: Hono<AppEnv>, house: House): void {
  const { accounts, sessions } = house;

  app.get(one, async (c) => {
    const user = await userOf(c);
    const devices = await sessions.devices(user.id);
    const { users } = c.var.words.admin;
    return page(c, () => ({
      title: user.email,
      width: "wide",
      body: html`${adminTabs(c)}${heading(user.email, marksOf(c.var.words, user))}
        ${notice(c.var.words, c.req.query("done"))}
        <div class="sheet person">${facts([
          [users.created, moment(c.var.words, user.createdAt, sessions.now())],
          [users.passwordChanged, moment(c.var.words, user.credentialsChangedAt, sessions.now())],
          [users.id, html`<code>${user.id}</code>`],
        ])}</div>
        ${deedLinks(c, user)}
        <h2>${users.sessions}</h2>
        ${cards(c, user, devices)}
        <p class="more"><a href="/admin/audit?user=${encodeURIComponent(user.id)}">${c.var.words.admin.audit.here}</a></p>`,
    }));
  });

  app.get(`${one}/end`, async (c) => {
    const user = await userOf(c);
    const { words } = c.var;
    const found = await sessions.devices(user.id);
    const id = c.req.query("session");
    const session = found.sessions.find((each) => each.id === id);
    const browser = found.dormant.find((each) => each.id === id);
    const known = session ?? browser;
    if (!known) return c.redirect(withNotice(pathOf(user), "session-gone"), 303);
    const now = sessions.now();
    return askPage(c, {
      title: words.admin.endSession.title,
      lead: words.devices.endLead,
      path: `${pathOf(user)}/end`,
      body: html`<p class="named"><strong>${user.email}</strong><br>${deviceTitle(words, known.client)}</p>
        ${facts(session ? sessionFacts(words, session, false, now) : dormantFacts(words, browser!, now))}
        <input type="hidden" name="session" value="${known.id}">`,
      submit: words.admin.endSession.submit,
      keep: { path: pathOf(user), name: words.devices.keep },
    });
  });

  app.post(`${one}/end`, async (c) => {
    const user = await userOf(c);
    const form = await readForm(c);
    const id = parseSessionId(form("session"));
    const ended = id !== undefined && (await sessions.revoke(id, { userId: user.id }));
    return c.redirect(withNotice(pathOf(user), ended ? "session-ended" : "session-gone"), 303);
  });

  app.get(`${one}/setup-link`, async (c) => {
    const user = await userOf(c);
    const { setupLink } = c.var.words.admin;
    return ask(c, user, { ...setupLink, isHarmless: true }, "setup-link");
  });

  app.post(`${one}/setup-link`, async (c) => {
    const user = await userOf(c);
    return invitationPage(c, user, await invitationFor(house, user));
  });

  for (const [name, deed] of Object.entries(deeds) as [DeedName, Deed][]) {
    app.get(`${one}/${name}`, async (c) => {
      const user = await userOf(c);
      refuseOwn(user, c.var.identity.user);
      return ask(c, user, { ...deed.words(c.var.words.admin), isHarmless: deed.isHarmless }, name);
    });

    app.post(`${one}/${name}`, async (c) => {
      const user = await userOf(c);
      refuseOwn(user, c.var.identity.user);
      await deed.does(house, user, c.var.identity.user);
      return c.redirect(withNotice(pathOf(user), deed.done), 303);
    });
  }

  async function userOf(c: Context<AppEnv>): Promise<User> {
    const user = await accounts.find(c.req.param("id")!);
    if (!user) throw new ProblemError(notFound());
    return user;
  }

  function cards(c: Context<AppEnv>, user: User, { sessions: live, dormant }: Devices): Html {
    const { words, identity } = c.var;
    const now = sessions.now();
    const { users } = words.admin;
    if (live.length + dormant.length === 0)
      return empty(users.noSessions, user.disabled ? users.noSessionsDisabled : users.noSessionsHint);
    const end = `${pathOf(user)}/end`;
    return html`<ul class="devices">
      ${live.map((each) => sessionCard(words, each, each.id === identity.session.id, now, end))}
      ${dormant.map((each) => dormantCard(words, each, now, end))}
    </ul>`;
  }
}

interface Asked {
  readonly title: string;
  readonly lead: string;
  readonly submit: string;
  readonly isHarmless: boolean;
}

function ask(c: Context<AppEnv>, user: User, asked: Asked, name: string): Promise<Response> {
  return askPage(c, {
    ...asked,
    path: `${pathOf(user)}/${name}`,
    body: html`<p class="named"><strong>${user.email}</strong></p>`,
    keep: { path: pathOf(user), name: c.var.words.frame.back },
  });
}

function deedLinks(c: Context<AppEnv>, user: User): Html {
  const { admin } = c.var.words;
  if (user.id === c.var.identity.user.id)
    return html`<p class="quiet">${admin.users.thisIsYou((text) => html`<a href="/devices">${text}</a>`)}</p>`;
  const links = deedsFor(user).map(
    ([name, { words, isHarmless }]) =>
      html`<a class="button ${isHarmless ? "plain" : "danger"}" href="${pathOf(user)}/${name}">${words(admin).submit}</a>`,
  );
  const link = html`<a class="button plain" href="${pathOf(user)}/setup-link">${admin.setupLink.submit}</a>`;
  return html`<div class="actions">${user.disabled ? "" : link}${links}</div>`;
}
