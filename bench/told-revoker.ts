/**
 * A child process that is a node of its own: it signs somebody in, revokes the session, and asks the other node at once, again
 * and again, whether it still opens.
 */
import { setTimeout as delay } from "node:timers/promises";
import { type SessionId, SessionManager } from "coatcheck";
import { answer } from "./child.ts";
import { browserOf, type Sent, send } from "./even-load.ts";
import { signIn, userId } from "./population.ts";
import { type Place, type StoreName, stores } from "./stores.ts";

export type ToldRevokerQuestion =
  /** Signs somebody in, and shows the session to the node at this port until it has it in its cache. */
  | { readonly port: number }
  /** Revokes that session. */
  | { readonly until: "refused" }
  /** Revokes that session, and asks for so long, whatever comes. */
  | { readonly until: number };

/** In milliseconds, from the answer to the revocation. */
export interface Revoked {
  /** When the last answer came that the session still opens; 0 if there was none. */
  readonly lastOpened: number;
  /** When the first answer came that it does not, or none came. */
  readonly firstRefused: number;
}

const [store, place] = process.argv.slice(2).map((text) => JSON.parse(text)) as [StoreName, Place];
/** With the channel cut, an answer that takes longer opens nothing: the node asks its database in vain. */
const patience = 300;

const sessions = new SessionManager({ store: (await stores[store].open(place)).store });
let people = 0;
let shown: { readonly id: SessionId; readonly headers: Sent["headers"]; readonly port: number };

answer<ToldRevokerQuestion>(async (question) => {
  if ("until" in question) return revoke(question.until);
  people += 1;
  const { session, token } = await sessions.create(userId(people), signIn(people));
  shown = { id: session.id, headers: browserOf(people, token), port: question.port };
  // That it was created is told as well, and may arrive when it was found already.
  for (let time = 0; time < 3; time++) {
    if (!(await opens())) throw new Error("A live session was rejected");
    await delay(2);
  }
  return true;
});

async function revoke(until: "refused" | number): Promise<Revoked> {
  await sessions.revoke(shown.id);
  const revokedAt = performance.now();
  const passed = () => performance.now() - revokedAt;
  let lastOpened = 0;
  let firstRefused = 0;
  while (until === "refused" ? firstRefused === 0 : passed() < until) {
    if (await opens(until === "refused" ? undefined : AbortSignal.timeout(patience))) lastOpened = passed();
    else firstRefused ||= passed();
  }
  return { lastOpened, firstRefused };
}

/** @param signal counts as a refusal. */
async function opens(signal?: AbortSignal): Promise<boolean> {
  const { headers, port } = shown;
  const sent = send({ port, method: "GET", path: "/", headers, ...(signal && { signal }) });
  if (!signal) return (await sent).status === 200;
  return sent.then(
    ({ status }) => status === 200,
    () => false,
  );
}
