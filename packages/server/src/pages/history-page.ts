/** What happened to somebody's account and sessions, as the audit has it. */
import { type AuditRecord, parseCursor } from "coatcheck";
import type { Context, Hono } from "hono";
import type { AppEnv, House } from "../env.ts";
import type { Words } from "../words/words.ts";
import { addressOf, deviceTitle } from "./device-card.ts";
import { type Html, html } from "./html.ts";
import { page } from "./layout.ts";
import { moment } from "./moment.ts";
import { requireSignIn } from "./page-guard.ts";
import { empty, heading, type Tab, tabs } from "./parts.ts";

const limit = 25;

/** What is shown: by the name in the query, the events of the audit. Undefined: all. */
const views = { all: undefined, "signed-in": "created", failed: "sign-in-failed" } as const;

type View = keyof typeof views;

export function historyPage(app: Hono<AppEnv>, house: House): void {
  app.get("/history", requireSignIn(house), async (c) => {
    const { words, identity } = c.var;
    const view = viewOf(c.req.query("view"));
    const event = views[view];
    const cursor = c.req.query("before");
    const found = await house.audit.query({
      limit,
      userId: identity.user.id,
      ...(event && { event }),
      ...(cursor !== undefined && parseCursor(cursor) && { cursor }),
    });
    return page(c, () => ({
      title: words.history.title,
      body: html`${heading(words.history.title, words.history.lead)}
        ${tabs(words.history.views, viewTabs(words, view))}
        ${found.records.length === 0 ? nothing(words, view) : list(c, found.records, house.sessions.now())}
        ${found.next ? html`<p><a class="button plain" href="/history?view=${view}&before=${found.next}">${words.frame.older}</a></p>` : ""}`,
    }));
  });
}

function nothing({ history }: Words, view: View): Html {
  const all = view === "all" ? "" : html` <a href="/history">${history.lookAtAll}</a>`;
  return empty(history.nothing, html`${history.nothingHint}${all}`);
}

function viewOf(name: string | undefined): View {
  return name !== undefined && Object.hasOwn(views, name) ? (name as View) : "all";
}

function viewTabs({ history }: Words, here: View): Tab[] {
  const names: Readonly<Record<View, string>> = {
    all: history.everything,
    "signed-in": history.signIns,
    failed: history.failures,
  };
  return Object.entries(names).map(([view, name]) => ({
    name,
    href: `/history?view=${view}`,
    isHere: view === here,
  }));
}

function list(c: Context<AppEnv>, records: readonly AuditRecord[], now: number): Html {
  return html`<ul class="sheet happenings">${records.map((record) => happening(c, record, now))}</ul>`;
}

function happening(c: Context<AppEnv>, record: AuditRecord, now: number): Html {
  const { words } = c.var;
  const { at, sessionId } = record;
  const isHere = sessionId !== undefined && sessionId === c.var.identity.session.id;
  return html`<li class="${isAlarming(record) ? "alarming" : ""}">
    <strong>${whatHappened(words, record)}</strong>
    <span class="quiet">${fromWhere(words, record)}${isHere ? ` · ${words.history.here}` : ""}</span>
    ${moment(words, at, now)}
  </li>`;
}

/** Where somebody else did it, for example an administrator, their device and address are nothing to tell. */
function fromWhere(words: Words, { client, details }: AuditRecord): string {
  if (details?.by !== undefined) return words.history.byAnother;
  return client ? `${deviceTitle(words, client)}, ${addressOf(words, client)}` : words.history.byServer;
}

const alarming: ReadonlySet<string> = new Set([
  "theft",
  "fingerprint",
  "sign-in-failed",
  "confirmation-failed",
  "access-denied",
]);

export function isAlarming({ event }: AuditRecord): boolean {
  return alarming.has(event);
}

/** An end is told by its reason, a beginning by what proved who it was. */
function whatHappened({ history }: Words, { event, reason, details }: AuditRecord): string {
  const amr = details?.amr;
  if (event === "created" && Array.isArray(amr) && amr.includes("remember")) return history.cameBack;
  const { ends, events } = history;
  if (event === "revoked" && reason !== undefined && Object.hasOwn(ends, reason)) return ends[reason]!;
  return (Object.hasOwn(events, event) && events[event]) || history.other;
}
