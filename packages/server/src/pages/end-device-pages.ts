/** Asking before devices are signed out: pages, so that it works without script, and Back leads to the list unchanged. */
import type { DormantBrowser, Session } from "coatcheck";
import type { Context, Hono } from "hono";
import { listDevices } from "../accounts/devices.ts";
import type { AppEnv, House } from "../env.ts";
import { askPage, type Question } from "./ask-page.ts";
import { deviceTitle, dormantFacts, sessionFacts } from "./device-card.ts";
import { type Html, html } from "./html.ts";
import { withNotice } from "./notices.ts";
import { requireSignIn } from "./page-guard.ts";
import { facts } from "./parts.ts";

export function endDevicePages(app: Hono<AppEnv>, house: House): void {
  const signedIn = requireSignIn(house);

  app.get("/devices/end", signedIn, async (c) => {
    const { words, auth, identity } = c.var;
    const { sessions, dormant } = await listDevices(auth, identity);
    const id = c.req.query("session");
    const session = sessions.find((each) => each.id === id);
    const browser = dormant.find((each) => each.id === id);
    const found = session ?? browser;
    if (!found) return c.redirect(withNotice("/devices", "device-gone"), 303);
    const now = house.sessions.now();
    const known = session
      ? sessionFacts(words, session, session.id === identity.session.id, now)
      : dormantFacts(words, browser!, now);
    return ask(c, {
      title: words.devices.endTitle,
      lead: words.devices.endLead,
      path: "/devices/end",
      body: html`<p class="named"><strong>${deviceTitle(words, found.client)}</strong></p>${facts(known)}
        <input type="hidden" name="session" value="${found.id}">`,
      submit: words.devices.end,
    });
  });

  app.get("/devices/end-others", signedIn, async (c) => {
    const { words, auth, identity } = c.var;
    const { sessions, dormant } = await listDevices(auth, identity);
    const others = sessions.length + dormant.length - 1;
    if (others === 0) return c.redirect("/devices", 303);
    return ask(c, {
      title: words.devices.endOthersTitle,
      lead: words.devices.endOthersLead(others),
      path: "/devices/end-others",
      body: deviceNames(
        c,
        [...sessions, ...dormant].filter(({ id }) => id !== identity.session.id),
      ),
      submit: words.devices.endOthers,
    });
  });

  app.get("/devices/end-all", signedIn, async (c) => {
    const { words, auth, identity } = c.var;
    const { sessions, dormant } = await listDevices(auth, identity);
    return ask(c, {
      title: words.devices.endAllTitle,
      lead: words.devices.endAllLead(sessions.length + dormant.length),
      path: "/devices/end-all",
      body: deviceNames(c, [...sessions, ...dormant]),
      submit: words.devices.endAll,
    });
  });
}

/** More than anybody reads; the rest is counted in the sentence above. */
const mostNames = 8;

function deviceNames(c: Context<AppEnv>, devices: readonly (Session | DormantBrowser)[]): Html {
  const names = devices.slice(0, mostNames).map(({ client }) => deviceTitle(c.var.words, client));
  const more = devices.length > mostNames ? html`<li>…</li>` : "";
  return html`<ul class="names">${names.map((name) => html`<li>${name}</li>`)}${more}</ul>`;
}

function ask(c: Context<AppEnv>, question: Omit<Question, "keep">): Promise<Response> {
  return askPage(c, { ...question, keep: { path: "/devices", name: c.var.words.devices.keep } });
}
