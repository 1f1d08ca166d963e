/** The contract of directories: it says what the port says, and it bites. */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { describe, test } from "node:test";
import type {
  ListedSession,
  ProjectedDirectory,
  ProjectionPruneStep,
  SessionDirectory,
  SessionPage,
  SessionQuery,
} from "../../src/core/session-directory.ts";
import type { SessionId } from "../../src/core/token.ts";
import { SqliteSessionStore } from "../../src/stores/sqlite.ts";
import type { SearchedSessions } from "../../src/testing/directory/searched.ts";
import { directoryPromises, projectionPromises } from "../../src/testing/directory-suite.ts";
import type { Contract } from "../../src/testing/store/case.ts";
import { onBackend } from "../../src/testing/store-suite.ts";
import { sentencesOf } from "../port-sentences.ts";

for (const [name, contract] of [
  ["SessionDirectory", directoryPromises],
  ["ProjectedDirectory", projectionPromises],
] as const) {
  test(`every sentence of ${name} is a promise in the suite, in the same words`, () => {
    const names = promisesOf<unknown>(contract as Contract<unknown>).map(([promise]) => promise);
    const missing = sentencesOf("core/session-directory.ts", name).filter((each) => !names.includes(each));
    assert.deepEqual(missing, unproved[name]);
    assert.equal(new Set(names).size, names.length);
  });
}

const unproved: Readonly<Record<string, readonly string[]>> = {
  SessionDirectory: ["what is told may be a minute old: nothing that ends sessions may rely on it"],
  ProjectedDirectory: [
    "a directory of sessions that live elsewhere, where they cannot be searched",
    "whoever sees what happens to them notes it here",
    "every method is one atomic step of its backend",
  ],
};

/** Works as it should; what is broken overrides one method. */
class Sound implements ProjectedDirectory {
  readonly store: SqliteSessionStore = new SqliteSessionStore(new DatabaseSync(":memory:"));
  protected readonly directory: SessionDirectory = this.store.directory;
  protected readonly projection: ProjectedDirectory = this.store.projection;
  protected where: SessionDirectory = this.directory;

  query(query: SessionQuery, now: number): Promise<SessionPage> {
    return this.where.query(query, now);
  }

  note(sessions: readonly ListedSession[]): Promise<void> {
    return this.projection.note(sessions);
  }

  forget(ids: readonly SessionId[]): Promise<void> {
    return this.projection.forget(ids);
  }

  deleteExpired(now: number, batch: number, from?: string): Promise<ProjectionPruneStep> {
    return this.projection.deleteExpired(now, batch, from);
  }
}

class SoundProjection extends Sound {
  protected override where = this.projection;
}

const brokenDirectories: Readonly<Record<string, { breaks: string; Directory: new () => Sound }>> = {
  "shows who is dead": {
    breaks: "directories are given the time as `now` and never judge by a clock of their own",
    Directory: class extends Sound {
      override query(query: SessionQuery): Promise<SessionPage> {
        return super.query(query, 0);
      }
    },
  },
  "takes no notice of the address": {
    breaks:
      "gives the sessions that are alive at `now` and fit, in the order that is asked for, at most `limit`",
    Directory: class extends Sound {
      override query({ address: _, ...query }: SessionQuery, now: number): Promise<SessionPage> {
        return super.query(query, now);
      }
    },
  },
  "has one order": {
    breaks:
      "gives the sessions that are alive at `now` and fit, in the order that is asked for, at most `limit`",
    Directory: class extends Sound {
      override query({ sort: _, ...query }: SessionQuery, now: number): Promise<SessionPage> {
        return super.query(query, now);
      }
    },
  },
  "has one direction": {
    breaks: "each order has its other direction",
    Directory: class extends Sound {
      override query({ direction: _, ...query }: SessionQuery, now: number): Promise<SessionPage> {
        return super.query(query, now);
      }
    },
  },
  "counts pages": {
    breaks:
      "pages follow each other without a gap and without a repetition, forwards and backwards, whatever is added or ended meanwhile",
    Directory: class extends Sound {
      override async query(query: SessionQuery, now: number): Promise<SessionPage> {
        const { after = "0", before, limit, ...rest } = query;
        const from = before === undefined ? Number(after) : Number(before) - limit;
        const { sessions } = await super.query({ ...rest, limit: 500 }, now);
        return {
          sessions: sessions.slice(from, from + limit),
          next: sessions.length > from + limit ? String(from + limit) : undefined,
          previous: from > 0 ? String(from) : undefined,
        };
      }
    },
  },
  "does not lead on from a page that is empty": {
    breaks:
      "it looks at a bounded number of sessions, so that nobody waits for it: a page may be short, or empty, and still lead on",
    Directory: class extends Sound {
      override async query(query: SessionQuery, now: number): Promise<SessionPage> {
        const page = await super.query(query, now);
        return page.sessions.length === 0 ? { ...page, next: undefined } : page;
      }
    },
  },
  "tells a hash": {
    breaks: "what it gives opens nothing",
    Directory: class extends Sound {
      override async query(query: SessionQuery, now: number): Promise<SessionPage> {
        const page = await super.query(query, now);
        const sessions = await Promise.all(
          page.sessions.map(async (each) => ({ ...each, ...(await this.store.find(each.id)) })),
        );
        return { ...page, sessions: sessions as readonly ListedSession[] };
      }
    },
  },
  "keeps who has signed out": {
    breaks: "what has ended is gone, whichever way it ended",
    Directory: class extends Sound {
      readonly #seen = new Map<string, ListedSession>();
      override async query(query: SessionQuery, now: number): Promise<SessionPage> {
        const page = await super.query(query, now);
        for (const each of page.sessions) this.#seen.set(each.id, each);
        return { ...page, sessions: [...this.#seen.values()] };
      }
    },
  },
};

const brokenProjections: Readonly<Record<string, { breaks: string; Directory: new () => Sound }>> = {
  "notes what is new alone": {
    breaks: "notes sessions as they are now, whether they are known or not",
    Directory: class extends SoundProjection {
      readonly #known = new Set<string>();
      override note(sessions: readonly ListedSession[]): Promise<void> {
        const fresh = sessions.filter(({ id }) => !this.#known.has(id));
        for (const { id } of fresh) this.#known.add(id);
        return super.note(fresh);
      }
    },
  },
  "forgets everything": {
    breaks: "forgets sessions; those that are not known are no mistake",
    Directory: class extends SoundProjection {
      override async forget(): Promise<void> {
        const { sessions } = await super.query({ limit: 100 }, 0);
        await super.forget(sessions.map(({ id }) => id));
      }
    },
  },
  "prunes everything at once": {
    breaks: "looks at no more than about `batch` sessions from `from` on and removes those that expired",
    Directory: class extends SoundProjection {
      override deleteExpired(now: number): Promise<ProjectionPruneStep> {
        return super.deleteExpired(now, 1_000);
      }
    },
  },
};

describe("A directory that", () => {
  for (const [what, { breaks, Directory }] of Object.entries(brokenDirectories)) {
    test(`${what} breaks "${breaks}"`, async () => {
      const directory = new Directory();
      const on: SearchedSessions = { store: directory.store, directory };
      await assertBroken(promisesOf(directoryPromises), breaks, on);
    });
  }

  for (const [what, { breaks, Directory }] of Object.entries(brokenProjections)) {
    test(`${what} breaks "${breaks}"`, async () => {
      await assertBroken<ProjectedDirectory>(promisesOf(projectionPromises), breaks, new Directory());
    });
  }
});

function promisesOf<S>(contract: Contract<S>): [string, Contract<S>[string][string]][] {
  return Object.values(contract).flatMap((cases) => Object.entries(cases));
}

async function assertBroken<S>(
  promises: ReturnType<typeof promisesOf<S>>,
  breaks: string,
  store: S,
): Promise<void> {
  const [, prove] = promises.find(([name]) => name === breaks)!;
  // A proof that crashes proves nothing.
  await assert.rejects(
    onBackend(() => ({ connect: () => store, close: () => {} }), prove),
    (error) => !(error instanceof TypeError),
  );
}
