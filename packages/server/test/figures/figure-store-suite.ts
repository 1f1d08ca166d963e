/** What every store of figures must do, in the same words for each. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Figure, type FigureBatch, grains, kept } from "../../src/figures/figure.ts";
import type { FigureStore } from "../../src/figures/figure-store.ts";
import { batchMemory } from "../../src/figures/names.ts";

export interface FigureBackend {
  /** Another connection to the same figures, as another process has it. */
  connect(): Promise<FigureStore>;
  close(): Promise<void>;
}

const { minute, hour, day } = grains;
const now = Date.parse("2030-01-31T12:34:56Z");
const thisMinute = Date.parse("2030-01-31T12:34:00Z");
const farthest = now + day;
const racers = 8;

function figure(count: number, changes: Partial<Figure> = {}): Figure {
  return { grain: minute, start: thisMinute, name: "signed-in", count, ...changes };
}

function batch(id: string, figures: readonly Figure[], changes: Partial<FigureBatch> = {}): FigureBatch {
  return { id, at: now, figures, addresses: [], ...changes };
}

/** @param open makes a backend without figures. */
export function describeFigureStore(name: string, open: () => Promise<FigureBackend>): void {
  describe(`figures in ${name}`, () => {
    function promise(words: string, body: (one: FigureStore, other: FigureStore) => Promise<void>): void {
      test(words, async () => {
        const backend = await open();
        try {
          await body(await backend.connect(), await backend.connect());
        } finally {
          await backend.close();
        }
      });
    }

    promise(
      "what is added by one is read by the other, of one grain and from one moment on",
      async (one, other) => {
        const figures = [
          figure(3),
          figure(5, { name: "failed" }),
          figure(7, { start: thisMinute - minute }),
          figure(9, { grain: hour, start: thisMinute }),
        ];
        await one.add(batch("a", figures));
        const read = await other.read(minute, thisMinute, now);
        assert.deepEqual(byName(read), byName(figures.slice(0, 2)));
        assert.equal((await other.read(minute, thisMinute - minute, now)).length, 3);
        assert.deepEqual(await other.read(day, 0, now), []);
        const before = await other.read(minute, 0, thisMinute - 1);
        assert.deepEqual(before, [figures[2]], "Not what is ahead of whoever asks");
      },
    );

    promise("a batch counts once, however often and by however many it is sent", async (one, other) => {
      const sent = batch("a", [figure(3)], { addresses: [{ start: thisMinute, address: "::1", count: 2 }] });
      await Promise.all(Array.from({ length: racers }, (_, index) => (index % 2 ? one : other).add(sent)));
      await one.add(sent);
      assert.deepEqual(await one.read(minute, 0, now), [figure(3)]);
      assert.deepEqual(await one.addresses(0, now, 5), [{ address: "::1", count: 2 }]);
    });

    promise(
      "of many who add at the same time nothing gets lost, and nobody waits for ever",
      async (one, other) => {
        const names = ["a", "b", "c", "d"];
        await Promise.all(
          Array.from({ length: racers }, (_, index) => {
            // Each in another order: who locked them as they come would lock the others out.
            const ordered = index % 2 ? names : names.toReversed();
            return (index % 2 ? one : other).add(
              batch(
                `${index}`,
                ordered.map((each) => figure(1, { name: each })),
              ),
            );
          }),
        );
        const read = await one.read(minute, 0, now);
        assert.deepEqual(
          byName(read),
          names.map((each) => figure(racers, { name: each })),
        );
      },
    );

    promise(
      "addresses come by how often they were refused, those of the hours that are asked for",
      async (one, other) => {
        const addresses = [
          { start: thisMinute - hour, address: "192.0.2.1", count: 5 },
          { start: thisMinute, address: "192.0.2.1", count: 1 },
          { start: thisMinute, address: "192.0.2.2", count: 3 },
          { start: thisMinute, address: "192.0.2.3", count: 2 },
        ];
        await one.add(batch("a", [], { addresses }));
        assert.deepEqual(await other.addresses(thisMinute, now, 2), [
          { address: "192.0.2.2", count: 3 },
          { address: "192.0.2.3", count: 2 },
        ]);
        assert.deepEqual(await other.addresses(0, now, 1), [{ address: "192.0.2.1", count: 6 }]);
        assert.deepEqual(await other.addresses(0, thisMinute - 1, 5), [{ address: "192.0.2.1", count: 5 }]);
      },
    );

    promise(
      "the version changes with what is added and with a census, and with nothing else",
      async (one, other) => {
        const versions = [await one.version()];
        const changed = async () => {
          const version = await other.version();
          assert.ok(!versions.includes(version), version);
          versions.push(version);
          assert.equal(await one.version(), version);
        };
        await one.add(batch("a", [figure(1)]));
        await changed();
        await one.noteCensus({ countedAt: now, alive: 1 }, now);
        await changed();
        await one.add(batch("a", [figure(1)]));
        await one.claimCensus(now, now + minute, farthest);
        assert.equal(await other.version(), versions.at(-1));
      },
    );

    promise(
      "it is one node's turn to count sessions, until it has counted or its time is over",
      async (one, other) => {
        const claims = await Promise.all(
          Array.from({ length: racers }, (_, index) =>
            (index % 2 ? one : other).claimCensus(now, now + minute, farthest),
          ),
        );
        assert.equal(claims.filter(Boolean).length, 1);
        assert.equal(await other.claimCensus(now + minute - 1, now + hour, farthest), false);
        assert.equal(await other.claimCensus(now + minute, now + hour, farthest), true);
        await other.noteCensus({ countedAt: now, alive: 3 }, now + 2 * minute);
        assert.equal(await one.claimCensus(now + 2 * minute - 1, now + hour, farthest), false);
        assert.equal(await one.claimCensus(now + 2 * minute, now + hour, farthest), true);
        await one.postponeCensus(now);
        assert.equal(await other.claimCensus(now, now + hour, farthest), true);
        await one.postponeCensus(farthest);
        assert.equal(await other.claimCensus(now, now + hour, farthest), false);
        await one.postponeCensus(farthest + 1);
        assert.equal(await other.claimCensus(now, now + hour, farthest), true);
      },
    );

    promise("a census is read as the last one that was noted, and is no sum", async (one, other) => {
      assert.equal(await one.census(), undefined);
      await one.claimCensus(now, now + minute, farthest);
      assert.equal(await other.census(), undefined);
      for (const alive of [1_000_000, 7]) await one.noteCensus({ countedAt: now, alive }, now);
      assert.deepEqual(await other.census(), { countedAt: now, alive: 7 });
      for (const [grain, start] of [
        [minute, thisMinute],
        [hour, Date.parse("2030-01-31T12:00:00Z")],
        [day, Date.parse("2030-01-31T00:00:00Z")],
      ] as const) {
        assert.deepEqual(await other.read(grain, 0, now), [figure(7, { grain, start, name: "alive" })]);
      }
    });

    promise("what is older than it is kept is removed, of each grain in its time", async (one, other) => {
      const all = Object.values(grains).flatMap((grain) => [
        figure(1, { grain, start: now - kept[grain] - 1 }),
        figure(1, { grain, start: now - kept[grain] }),
      ]);
      await one.add(batch("old", all, { at: now - batchMemory - 1 }));
      await other.deleteOld(now);
      for (const grain of Object.values(grains)) {
        assert.deepEqual(await one.read(grain, 0, now), [figure(1, { grain, start: now - kept[grain] })]);
      }
    });
  });
}

function byName(figures: readonly Figure[]): Figure[] {
  return figures.map((each) => ({ ...each })).sort((a, b) => (a.name < b.name ? -1 : 1));
}
