/** Who is told what happens. */
import type { SessionEvent, SessionObserver, Warn } from "./events.ts";
import type { RememberRecord } from "./remember-store.ts";
import type { Ended, EndReason, SessionRecord } from "./store.ts";

/** What an event says beside its time. */
export type News = SessionEvent extends infer E ? (E extends unknown ? Omit<E, "at"> : never) : never;

/** What an event says of a session beside its time and whose session it is. */
export type SessionNews = News extends infer N
  ? N extends { readonly userId: string }
    ? Omit<N, "sessionId" | "userId">
    : never
  : never;

/** Tells each observer of each event. */
export class Observers {
  readonly #observers = new Set<SessionObserver>();
  readonly #now: () => number;
  readonly #warn: Warn;

  constructor(now: () => number, warn: Warn) {
    this.#now = now;
    this.#warn = warn;
  }

  add(observer: SessionObserver): () => void {
    this.#observers.add(observer);
    return () => void this.#observers.delete(observer);
  }

  tell(news: News): void {
    const event = { at: this.#now(), ...news } as SessionEvent;
    for (const observer of this.#observers) this.#show(observer, event);
  }

  tellOf(session: Pick<SessionRecord, "id" | "userId">, news: SessionNews): void {
    this.tell({ sessionId: session.id, userId: session.userId, ...news } as News);
  }

  tellEnd({ record, reason }: Ended): void {
    const own = reason === "evicted" || reason === "replaced" || reason === "expired";
    this.tellOf(record, own ? { type: reason } : { type: "revoked", reason });
  }

  /** The end of a browser that was only remembered. Of the session by which it goes others have told, or will. */
  tellForgotten({ sessionId, userId }: RememberRecord, reason: EndReason): void {
    this.tell({ type: "revoked", sessionId, userId, reason, remember: true });
  }

  #show(observer: SessionObserver, event: SessionEvent): void {
    const report = (cause: unknown) => this.#warn(`A session observer failed at "${event.type}"`, cause);
    try {
      const outcome = observer(event);
      if (outcome instanceof Promise) outcome.catch(report);
    } catch (cause) {
      report(cause);
    }
  }
}
