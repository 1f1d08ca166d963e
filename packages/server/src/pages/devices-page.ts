/** The devices somebody is signed in on. */
import type { ClientInfo, Devices, DormantBrowser, Session } from "coatcheck";
import type { Hono } from "hono";
import { endAllDevices, endDevice, endOtherDevices, listDevices } from "../accounts/devices.ts";
import { clearSiteData } from "../clear-site-data.ts";
import { deviceName } from "../device-name.ts";
import type { AppEnv, House } from "../env.ts";
import { requireRecentSignIn } from "./confirm-page.ts";
import { readForm } from "./form.ts";
import { type Html, html } from "./html.ts";
import { page } from "./layout.ts";
import { calendarDay, moment } from "./moment.ts";
import { notice, withNotice } from "./notices.ts";
import { requireSignIn } from "./page-guard.ts";

export function devicesPages(app: Hono<AppEnv>, house: House): void {
  const signedIn = requireSignIn(house);
  const recent = requireRecentSignIn(house);

  app.get("/devices", signedIn, async (c) => {
    const devices = await listDevices(c.var.auth, c.var.identity);
    const now = house.sessions.now();
    const told = notice(c.req.query("done"));
    return page(c, (csrf) => ({
      title: "Your devices",
      body: devicesView(devices, c.var.identity.session, { csrf, told, now }),
    }));
  });

  app.post("/devices/end", signedIn, recent, async (c) => {
    const form = await readForm(c);
    const ended = await endDevice(c.var.auth, c.var.identity, form("session"));
    if (form("session") === c.var.identity.session.id) {
      clearSiteData(c);
      return c.redirect(withNotice("/login", "signed-out"), 303);
    }
    return c.redirect(withNotice("/devices", ended ? "device-ended" : "device-gone"), 303);
  });

  app.post("/devices/end-others", signedIn, recent, async (c) => {
    await endOtherDevices(c.var.auth, c.var.identity);
    return c.redirect(withNotice("/devices", "others-ended"), 303);
  });

  app.post("/devices/end-all", signedIn, recent, async (c) => {
    await endAllDevices(c.var.auth, c.var.identity);
    clearSiteData(c);
    return c.redirect(withNotice("/login", "signed-out-everywhere"), 303);
  });
}

interface DevicesContext {
  readonly csrf: Html;
  readonly told: Html | "";
  readonly now: number;
}

function devicesView({ sessions, dormant }: Devices, current: Session, context: DevicesContext): Html {
  const { csrf, told } = context;
  const isAlone = sessions.length + dormant.length === 1;
  return html`<h1>Your devices</h1>
    ${told}
    <p class="quiet">${isAlone ? "You are signed in on this device only." : `You are signed in on ${sessions.length + dormant.length} devices. Sign out those that you do not know or no longer use.`}</p>
    <ul class="devices">
      ${sessions.map((session) => sessionCard(session, session.id === current.id, context))}
      ${dormant.map((browser) => dormantCard(browser, context))}
    </ul>
    <div class="actions">
      ${
        isAlone
          ? ""
          : html`<form method="post" action="/devices/end-others">${csrf}<button class="danger">Sign out all other devices</button></form>`
      }
      <form method="post" action="/devices/end-all">${csrf}<button class="danger">Sign out everywhere, including here</button></form>
    </div>`;
}

function sessionCard(session: Session, isThis: boolean, context: DevicesContext): Html {
  const { client, lastSeenAt, createdAt, rememberedUntil } = session;
  const { now } = context;
  return html`<li class="sheet device ${isThis ? "this" : ""}">
    <div>
      <h2>${deviceName(client.userAgent)}${isThis ? html` <span class="tag">This device</span>` : ""}</h2>
      <p>${address(client)}${isThis ? "active now" : html`last active ${moment(lastSeenAt, now)}`}</p>
      <p>${session.amr.includes("remember") ? "Came back" : "Signed in"} ${moment(createdAt, now)}${staysUntil(rememberedUntil)}</p>
    </div>
    ${isThis ? "" : endForm(session, context)}
  </li>`;
}

/** A browser whose session has ended by itself: it comes back without a password. */
function dormantCard(browser: DormantBrowser, context: DevicesContext): Html {
  const { client, lastUsedAt, createdAt, rememberedUntil } = browser;
  const { now } = context;
  return html`<li class="sheet device">
    <div>
      <h2>${deviceName(client.userAgent)} <span class="tag">Asleep</span></h2>
      <p>${address(client)}last came back ${moment(lastUsedAt, now)}</p>
      <p>Signed in ${moment(createdAt, now)}${staysUntil(rememberedUntil)}</p>
    </div>
    ${endForm(browser, context)}
  </li>`;
}

function address({ ip }: ClientInfo): Html | "" {
  return ip ? html`${ip} · ` : "";
}

function staysUntil(time: number | undefined): Html | "" {
  return time === undefined ? "" : html`, stays signed in until ${calendarDay(time)}`;
}

function endForm({ id, client }: Pick<Session, "id" | "client">, { csrf }: DevicesContext): Html {
  const name = `Sign out ${deviceName(client.userAgent)}, ${client.ip ?? "unknown address"}`;
  return html`<form method="post" action="/devices/end">
    ${csrf}<input type="hidden" name="session" value="${id}">
    <button class="danger small" aria-label="${name}">Sign out</button>
  </form>`;
}
