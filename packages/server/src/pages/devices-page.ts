/** The devices somebody is signed in on. */
import type { Session } from "coatcheck";
import type { Hono } from "hono";
import { endAllDevices, endDevice, endOtherDevices, listDevices } from "../accounts/devices.ts";
import { clearSiteData } from "../clear-site-data.ts";
import { deviceName } from "../device-name.ts";
import type { AppEnv, House } from "../env.ts";
import { requireRecentSignIn } from "./confirm-page.ts";
import { readForm } from "./form.ts";
import { type Html, html } from "./html.ts";
import { page } from "./layout.ts";
import { moment } from "./moment.ts";
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

function devicesView(devices: readonly Session[], current: Session, context: DevicesContext): Html {
  const { csrf, told } = context;
  const isAlone = devices.length === 1;
  return html`<h1>Your devices</h1>
    ${told}
    <p class="quiet">${isAlone ? "You are signed in on this device only." : `You are signed in on ${devices.length} devices. Sign out those that you do not know or no longer use.`}</p>
    <ul class="devices">${devices.map((device) => deviceCard(device, device.id === current.id, context))}</ul>
    <div class="actions">
      ${
        isAlone
          ? ""
          : html`<form method="post" action="/devices/end-others">${csrf}<button class="danger">Sign out all other devices</button></form>`
      }
      <form method="post" action="/devices/end-all">${csrf}<button class="danger">Sign out everywhere, including here</button></form>
    </div>`;
}

function deviceCard(device: Session, isThis: boolean, { csrf, now }: DevicesContext): Html {
  const name = deviceName(device.client.userAgent);
  return html`<li class="sheet device ${isThis ? "this" : ""}">
    <div>
      <h2>${name}${isThis ? html` <span class="tag">This device</span>` : ""}</h2>
      <p>${device.client.ip ? html`${device.client.ip} · ` : ""}${isThis ? "active now" : html`last active ${moment(device.lastSeenAt, now)}`}</p>
      <p>Signed in ${moment(device.createdAt, now)}</p>
    </div>
    ${
      isThis
        ? ""
        : html`<form method="post" action="/devices/end">
            ${csrf}<input type="hidden" name="session" value="${device.id}">
            <button class="danger small" aria-label="Sign out ${name}, ${device.client.ip ?? "unknown address"}">Sign out</button>
          </form>`
    }
  </li>`;
}
