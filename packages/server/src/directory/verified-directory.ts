/** A projection, looked at with the store beside it: it may not know yet that a session has ended. */
import {
  isEnded,
  type ListedSession,
  type ProjectedDirectory,
  type SessionDirectory,
  type SessionId,
  type SessionPage,
  type SessionQuery,
  type SessionStore,
} from "coatcheck";

export class VerifiedDirectory implements SessionDirectory {
  readonly #projection: ProjectedDirectory;
  readonly #store: Pick<SessionStore, "find">;
  readonly #tellGone: (id: SessionId) => void;

  /** @param tellGone is told of sessions that the projection should forget. */
  constructor(
    projection: ProjectedDirectory,
    store: Pick<SessionStore, "find">,
    tellGone: (id: SessionId) => void,
  ) {
    this.#projection = projection;
    this.#store = store;
    this.#tellGone = tellGone;
  }

  /**
   * What has ended is left out, so that a page may be shorter. A session that cannot be read stays, so that it can be
   * ended.
   * @throws what the store threw, if it could read none.
   */
  async query(query: SessionQuery, now: number): Promise<SessionPage> {
    const page = await this.#projection.query(query, now);
    const known = await Promise.allSettled(page.sessions.map((session) => this.#lives(session)));
    const [first] = known;
    if (first?.status === "rejected" && known.every(({ status }) => status === "rejected"))
      throw first.reason;
    const stays = known.map((each) => each.status === "rejected" || each.value);
    return { ...page, sessions: page.sessions.filter((_, place) => stays[place]) };
  }

  async #lives({ id }: ListedSession): Promise<boolean> {
    const found = await this.#store.find(id);
    const lives = found !== undefined && !isEnded(found);
    if (!lives) this.#tellGone(id);
    return lives;
  }
}
