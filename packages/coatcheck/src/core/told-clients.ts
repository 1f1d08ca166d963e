/** Which clients of which sessions observers were told of: one odd client must not fill a log. */
import type { SessionId } from "./token.ts";

const maximumSessions = 10_000;
/** More kinds of clients with one cookie are somebody who makes them up. */
const maximumClients = 8;

/** Bounded: of very many sessions the longest known are forgotten, and told of again. */
export class ToldClients {
  readonly #told = new Map<SessionId, Set<string>>();

  /** Whether this client of the session is to be told of: once, and never more than eight of a session. */
  isNews(session: SessionId, fingerprint: string): boolean {
    const told = this.#of(session);
    if (told.has(fingerprint) || told.size >= maximumClients) return false;
    told.add(fingerprint);
    return true;
  }

  #of(session: SessionId): Set<string> {
    const known = this.#told.get(session);
    if (known) return known;
    if (this.#told.size >= maximumSessions) this.#told.delete(this.#told.keys().next().value!);
    const told = new Set<string>();
    this.#told.set(session, told);
    return told;
  }
}
