/** The devices somebody is signed in on. */
import type { Devices, Session } from "coatcheck";
import type { Hono } from "hono";
import { endAllDevices, endDevice, endOtherDevices, listDevices } from "../accounts/devices.ts";
import { assets } from "../assets.ts";
import { clearSiteData } from "../clear-site-data.ts";
import type { AppEnv, House } from "../env.ts";
import type { Words } from "../words/words.ts";
import { requireRecentSignIn } from "./confirm-page.ts";
import { dormantCard, sessionCard } from "./device-card.ts";
import { endDevicePages } from "./end-device-pages.ts";
import { readForm } from "./form.ts";
import { type Html, html } from "./html.ts";
import { page } from "./layout.ts";
import { notice, withNotice } from "./notices.ts";
import { requireSignIn } from "./page-guard.ts";
import { heading } from "./parts.ts";

export function devicesPages(app: Hono<AppEnv>, house: House): void {
  const signedIn = requireSignIn(house);
  const recent = requireRecentSignIn(house);

  app.get("/devices", signedIn, async (c) => {
    const { words, auth, identity } = c.var;
    const devices = await listDevices(auth, identity);
    const now = house.sessions.now();
    return page(c, () => ({
      scripts: [assets.sessionEnd],
      title: words.devices.title,
      body: devicesView(words, devices, identity.session, now, notice(words, c.req.query("done"))),
    }));
  });

  endDevicePages(app, house);

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

function devicesView(
  words: Words,
  { sessions, dormant }: Devices,
  current: Session,
  now: number,
  message: Html | "",
): Html {
  const { devices: said } = words;
  const count = sessions.length + dormant.length;
  return html`${heading(said.title, count === 1 ? said.alone : said.many(count))}
    ${message}
    <ul class="devices">
      ${sessions.map((session) => sessionCard(words, session, session.id === current.id, now))}
      ${dormant.map((browser) => dormantCard(words, browser, now))}
    </ul>
    <div class="actions">
      ${count === 1 ? "" : html`<a class="button danger" href="/devices/end-others">${said.endOthers}</a>`}
      <a class="button danger" href="/devices/end-all">${said.endAll}</a>
    </div>`;
}
