/** The sessions of everybody: searched by user, address and device, sorted, and ended. */
import { parseSessionId, type Session } from "coatcheck";
import type { Context, Hono } from "hono";
import {
  type FoundSession,
  type FoundSessions,
  searchSessions,
  usersLike,
} from "../accounts/search-sessions.ts";
import type { User } from "../accounts/user.ts";
import type { AppEnv, House } from "../env.ts";
import type { Words } from "../words/words.ts";
import { adminTabs } from "./admin-tabs.ts";
import { pathOf } from "./admin-users-page.ts";
import { askPage } from "./ask-page.ts";
import { addressOf, deviceTitle, glyph, sessionFacts } from "./device-card.ts";
import { readForm } from "./form.ts";
import { type Html, html } from "./html.ts";
import { page } from "./layout.ts";
import { moment } from "./moment.ts";
import { type NoticeName, notice } from "./notices.ts";
import { empty, facts, heading, tag } from "./parts.ts";
import {
  fieldsOf,
  filterOf,
  isNarrowed,
  orders,
  placeIn,
  type SessionFilter,
  searchOf,
  sessionsPath,
  type TimeName,
  times,
} from "./session-filter.ts";

const limit = 50;

export function adminSessionsPages(app: Hono<AppEnv>, house: House): void {
  const { accounts, sessions } = house;

  app.get("/admin/sessions", async (c) => {
    const { words } = c.var;
    const { sessions: said } = words.admin;
    const filter = filterOf((name) => c.req.query(name));
    const found = await searchSessions(house, { ...searchOf(filter, sessions.now()), ...placeIn(c), limit });
    const alike = filter.user && !found.sessions.length ? await usersLike(accounts, filter.user) : [];
    return page(c, () => ({
      title: said.title,
      width: "wide",
      body: html`${adminTabs(c)}${heading(said.title, said.lead, endAllLink(c, filter, found))}
        ${notice(words, c.req.query("done"))}
        ${filterForm(words, filter)}
        ${alike.length > 1 ? choice(words, alike, filter) : ""}
        ${found.sessions.length === 0 ? (alike.length > 1 ? "" : nothing(words, filter, found)) : list(c, found, filter)}
        ${moreLinks(c, filter, found)}`,
    }));
  });

  app.get("/admin/sessions/end", async (c) => {
    const { words } = c.var;
    const filter = filterOf((name) => c.req.query(name));
    const id = parseSessionId(c.req.query("session") ?? "");
    const session = id && (await sessions.find(id));
    if (!session) return c.redirect(backTo(filter, "session-gone"), 303);
    const user = await accounts.find(session.userId);
    return askPage(c, {
      title: words.admin.endSession.title,
      lead: words.devices.endLead,
      path: "/admin/sessions/end",
      body: html`<p class="named"><strong>${user?.email ?? session.userId}</strong><br>${deviceTitle(words, session.client)}</p>
        ${facts(sessionFacts(words, session, false, sessions.now()))}
        <input type="hidden" name="session" value="${session.id}">
        ${fieldsOf(filter).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)}`,
      submit: words.admin.endSession.submit,
      keep: { path: sessionsPath(filter), name: words.devices.keep },
    });
  });

  app.post("/admin/sessions/end", async (c) => {
    const form = await readForm(c);
    const id = parseSessionId(form("session"));
    const ended = id !== undefined && (await sessions.revoke(id));
    return c.redirect(backTo(filterOf(form), ended ? "session-ended" : "session-gone"), 303);
  });

  function list(c: Context<AppEnv>, { sessions: found }: FoundSessions, filter: SessionFilter): Html {
    const now = sessions.now();
    const own = c.var.identity.session;
    return html`<ul class="devices found">${found.map((each) => row(c.var.words, each, each.id === own.id, now, filter))}</ul>`;
  }
}

/** To the same search, from its first page: what was ended is not there any more. */
function backTo(filter: SessionFilter, name: NoticeName): string {
  return sessionsPath(filter, { done: name });
}

function row(words: Words, session: FoundSession, isThis: boolean, now: number, filter: SessionFilter): Html {
  const { devices: said } = words;
  const { user, userId, client } = session;
  const name = user ? html`<a href="${pathOf(user)}">${user.email}</a>` : html`<code>${userId}</code>`;
  const end = isThis ? "" : endLink(words, session, filter);
  return html`<li class="sheet device ${isThis ? "this" : ""}">
    ${glyph(client)}
    <div class="what"><h2>${name}${isThis ? html` ${tag(said.thisDevice)}` : ""}</h2><p>${deviceTitle(words, client)}</p></div>
    ${end}
    ${facts([...placeFact(words, session, filter), ...timeFacts(words, session, isThis, now)])}
  </li>`;
}

/** Leads to everybody at the same address. */
function placeFact(
  words: Words,
  { client }: Pick<Session, "client">,
  filter: SessionFilter,
): [string, Html][] {
  const { ip } = client;
  const path =
    ip === undefined ? undefined : sessionsPath({ ...filter, user: "", device: "", time: "", address: ip });
  const text = addressOf(words, client);
  return [[words.devices.address, path ? html`<a href="${path}">${text}</a>` : html`${text}`]];
}

function timeFacts(
  words: Words,
  session: FoundSession,
  isThis: boolean,
  now: number,
): [string, Html | string][] {
  const { devices: said } = words;
  const isRemembered = session.amr.includes("remember");
  return [
    [isRemembered ? said.cameBack : said.signedIn, moment(words, session.createdAt, now)],
    [said.lastActive, isThis ? said.activeNow : moment(words, session.lastSeenAt, now)],
    [said.how, isRemembered ? said.byRemembering : said.byPassword],
  ];
}

function endLink(words: Words, { id, client, user, userId }: FoundSession, filter: SessionFilter): Html {
  const { end, endNamed } = words.admin.sessions;
  const name = endNamed(user?.email ?? userId, deviceTitle(words, client), addressOf(words, client));
  return html`<a class="button danger small" href="${sessionsPath(filter, { session: id }, "/admin/sessions/end")}" aria-label="${name}">${end}</a>`;
}

/** Where all that is found is one user's. Not one's own: that is done under Devices. */
function endAllLink(
  c: Context<AppEnv>,
  { user: typed }: SessionFilter,
  { sessions }: FoundSessions,
): Html | undefined {
  const { user } = sessions[0] ?? {};
  if (!typed || !user || user.id === c.var.identity.user.id) return undefined;
  return html`<a class="button danger" href="${pathOf(user)}/end-sessions">${c.var.words.admin.sessions.endAll(user.email)}</a>`;
}

function filterForm({ admin }: Words, { user, address, device, time, sort }: SessionFilter): Html {
  const { sessions } = admin;
  const field = (
    name: string,
    label: string,
    value: string,
    width = "",
  ) => html`<div class="field ${width}"><label for="${name}">${label}</label>
      <input id="${name}" name="${name}" type="search" value="${value}" maxlength="256" autocomplete="off" spellcheck="false" autocapitalize="none"></div>`;
  const choice = (name: string, text: string, chosen: string) =>
    html`<option value="${name}"${name === chosen ? html` selected` : ""}>${text}</option>`;
  const spans = (Object.keys(times) as TimeName[]).map((name) => choice(name, sessions.times[name], time));
  const choices = orders.map(({ name }) => choice(name, sessions.orders[name], sort));
  return html`<form class="search many" method="get" action="/admin/sessions" role="search">
    ${field("user", sessions.user, user)}
    ${field("address", sessions.address, address, "short")}
    ${field("device", sessions.device, device, "short")}
    <div class="field short"><label for="time">${sessions.time}</label><select id="time" name="time"><option value="">${sessions.anyTime}</option>${spans}</select></div>
    <div class="field short"><label for="sort">${sessions.sort}</label><select id="sort" name="sort">${choices}</select></div>
    <button class="plain">${sessions.find}</button>
  </form>`;
}

function choice({ admin: { sessions } }: Words, users: readonly User[], filter: SessionFilter): Html {
  const links = users.map(
    ({ email }) => html`<li><a href="${sessionsPath({ ...filter, user: email })}">${email}</a></li>`,
  );
  return html`<div class="sheet empty"><strong>${sessions.several}</strong><ul class="choices">${links}</ul></div>`;
}

/** Where more is to be looked through, the link to it stands below. */
function nothing({ admin: { sessions } }: Words, filter: SessionFilter, { next }: FoundSessions): Html {
  if (next) return empty(sessions.notYet, sessions.notYetHint);
  return empty(sessions.nothing, isNarrowed(filter) ? sessions.nothingHint : sessions.nobodyHint);
}

function moreLinks(c: Context<AppEnv>, filter: SessionFilter, { next, previous }: FoundSessions): Html | "" {
  const { sessions } = c.var.words.admin;
  const { after, before } = placeIn(c);
  const isFirst = previous === undefined && (after ?? before) === undefined;
  const links = [
    ...(isFirst ? [] : [[sessionsPath(filter), sessions.first] as const]),
    ...(previous ? [[sessionsPath(filter, { before: previous }), sessions.previous] as const] : []),
    ...(next ? [[sessionsPath(filter, { after: next }), sessions.next] as const] : []),
  ];
  if (links.length === 0) return "";
  return html`<nav class="more" aria-label="${sessions.pages}">${links.map(
    ([path, text]) => html`<a class="button plain" href="${path}">${text}</a>`,
  )}</nav>`;
}
