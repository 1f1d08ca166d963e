/** What happened to everybody, and whether anybody has changed the account of it. */
import {
  type AuditRecord,
  type AuditSeal,
  type AuditVerification,
  parseCursor,
  sealAudit,
  verifyAudit,
} from "coatcheck";
import type { Context, Hono } from "hono";
import { assets } from "../assets.ts";
import type { AppEnv, House } from "../env.ts";
import type { Words } from "../words/words.ts";
import { adminTabs } from "./admin-tabs.ts";
import { pathOf } from "./admin-users-page.ts";
import { auditExports } from "./audit-export.ts";
import { type AuditFilter, asksForNoDay, filterOf, queryOf, searchOf } from "./audit-filter.ts";
import { addressOf, deviceTitle } from "./device-card.ts";
import { isAlarming } from "./history-page.ts";
import { type Html, html } from "./html.ts";
import { page } from "./layout.ts";
import { livePart, partOf } from "./live-part.ts";
import { exactTime, moment } from "./moment.ts";
import { told } from "./notices.ts";
import { empty, heading, table } from "./parts.ts";

const limit = 50;

/** What users are called, by their ids. */
type Names = ReadonlyMap<string, string>;

export function adminAuditPages(app: Hono<AppEnv>, house: House): void {
  const { accounts, audit, auditRetention, sessions } = house;
  let checking: Promise<AuditVerification> | undefined;

  app.get("/admin/audit", (c) => auditPage(c));

  app.get(partOf("/admin/audit"), async (c) => c.html(await recordsOf(c.var.words, filterOf(c))));

  // It reads every record, so however many ask, it runs once at a time.
  app.post("/admin/audit/check", async (c) => {
    checking ??= check().finally(() => {
      checking = undefined;
    });
    return auditPage(c, await checking);
  });

  /** Of the last seconds too, which are not sealed yet. */
  async function check(): Promise<AuditVerification> {
    await sealAudit(audit);
    return verifyAudit(audit, { retention: auditRetention, now: () => sessions.now() });
  }

  auditExports(app, house);

  async function auditPage(c: Context<AppEnv>, verified?: AuditVerification): Promise<Response> {
    const { words } = c.var;
    const { audit: said } = words.admin;
    const filter = filterOf(c);
    const before = c.req.query("before");
    const cursor = before !== undefined && parseCursor(before) ? before : undefined;
    const records = await recordsOf(words, filter, cursor);
    const { head } = await audit.chain(0, 0);
    return page(c, (csrf) => ({
      title: said.title,
      width: "wide",
      path: "/admin/audit",
      scripts: cursor === undefined ? [assets.livePart] : [],
      body: html`${adminTabs(c)}${heading(said.title, said.lead, exportLinks(words, filter))}
        ${verified ? verdict(words, verified) : ""}
        ${chainSheet(words, head, csrf)}
        ${asksForNoDay(c) ? html`<p class="summary">${said.noDay}</p>` : ""}
        ${filterForm(words, filter)}
        ${
          cursor === undefined
            ? livePart(words, { on: "audit", path: `/admin/audit${searchOf(filter)}`, body: records })
            : html`<p class="live-bar"><a class="button plain small" href="/admin/audit${searchOf(filter)}">${words.frame.newest}</a></p>${records}`
        }`,
    }));
  }

  /** The newest that fit, or those that come after `cursor`. */
  async function recordsOf(words: Words, filter: AuditFilter, cursor?: string): Promise<Html> {
    const { audit: said } = words.admin;
    const found = await audit.query({
      ...(await queryOf(accounts, filter)),
      limit,
      ...(cursor !== undefined && { cursor }),
    });
    if (found.records.length === 0) return empty(said.nothing, said.nothingHint);
    const names = await namesOf(found.records);
    return html`${recordTable(words, found.records, names, sessions.now())}
      ${found.next ? html`<p class="more"><a class="button plain" href="/admin/audit${searchOf(filter, { before: found.next })}">${words.frame.older}</a></p>` : ""}`;
  }

  async function namesOf(records: readonly AuditRecord[]): Promise<Names> {
    const ids = new Set(records.flatMap(({ userId }) => userId ?? []));
    const users = await Promise.all(Array.from(ids, (id) => accounts.find(id)));
    return new Map(users.flatMap((user) => (user ? [[user.id, user.email] as const] : [])));
  }
}

function exportLinks({ admin }: Words, filter: AuditFilter): Html {
  const { audit } = admin;
  return html`<a class="button plain" href="/admin/audit/audit.csv${searchOf(filter)}" download>${audit.csv}</a>
    <a class="button plain" href="/admin/audit/audit.jsonl${searchOf(filter)}" download>${audit.jsonl}</a>`;
}

function chainSheet({ admin: { audit } }: Words, { position, hash }: AuditSeal, csrf: Html): Html {
  return html`<form class="sheet chain" method="post" action="/admin/audit/check">
    ${csrf}
    <p>${position === 0 ? audit.chainEmpty : audit.chain(position, html`<code>${hash}</code>`)}</p>
    <button class="plain small">${audit.check}</button>
  </form>`;
}

function verdict({ admin: { audit } }: Words, { intact, breaks, checked }: AuditVerification): Html {
  return intact
    ? told(audit.intact(checked))
    : html`<div class="summary" role="alert"><strong>${audit.broken(breaks.length)}</strong> ${audit.brokenHint(html`<code>coatcheck-server audit verify</code>`)}</div>`;
}

function filterForm({ admin, history }: Words, { event, user, from, to }: AuditFilter): Html {
  const { audit } = admin;
  const names = { ...history.events, ...audit.events };
  const known = Object.entries(names).toSorted(([, a], [, b]) => a.localeCompare(b));
  const options = event && !Object.hasOwn(names, event) ? [...known, [event, event] as const] : known;
  const choices = options.map(
    ([name, text]) => html`<option value="${name}"${name === event ? html` selected` : ""}>${text}</option>`,
  );
  return html`<form class="search" method="get" action="/admin/audit" role="search">
    <div class="field"><label for="event">${audit.event}</label>
      <select id="event" name="event"><option value="">${audit.anyEvent}</option>${choices}</select></div>
    <div class="field"><label for="user">${audit.user}</label>
      <input id="user" name="user" type="search" value="${user}" maxlength="256" autocomplete="off" spellcheck="false" autocapitalize="none"></div>
    <div class="field short"><label for="from">${audit.from}</label><input id="from" name="from" type="date" value="${from}"></div>
    <div class="field short"><label for="to">${audit.to}</label><input id="to" name="to" type="date" value="${to}"></div>
    <button class="plain">${audit.show}</button>
  </form>`;
}

function recordTable(words: Words, records: readonly AuditRecord[], names: Names, now: number): Html {
  const { audit } = words.admin;
  return table(
    audit.title,
    [audit.when, audit.event, audit.whom, audit.where],
    records.map((record) => [
      html`${moment(words, record.at, now)}<br><span class="quiet">${exactTime(words, record.at)}</span>`,
      whatHappened(words, record),
      whom(record, names),
      where(words, record),
    ]),
    records.map(({ id }) => id),
  );
}

/** In words, and as programs and the log call it. */
function whatHappened(words: Words, record: AuditRecord): Html {
  const { event, reason } = record;
  const names = { ...words.history.events, ...words.admin.audit.events };
  const text = Object.hasOwn(names, event) ? names[event]! : words.history.other;
  return html`<span class="${isAlarming(record) ? "alarming" : ""}"><strong>${text}</strong></span><br>
    <code>${event}</code>${reason === undefined ? "" : html` <code class="quiet">${reason}</code>`}`;
}

function whom({ userId }: AuditRecord, names: Names): Html {
  if (userId === undefined) return html`–`;
  const email = names.get(userId);
  return email === undefined
    ? html`<code>${userId}</code>`
    : html`<a href="${pathOf({ id: userId })}">${email}</a>`;
}

function where(words: Words, { client }: AuditRecord): Html {
  if (!client) return html`${words.history.byServer}`;
  return html`${deviceTitle(words, client)}<br><span class="quiet">${addressOf(words, client)}</span>`;
}
