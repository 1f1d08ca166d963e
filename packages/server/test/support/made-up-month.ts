/** Thirty days of a server with people on it, for looking at: busy by day, quiet at night and on Sundays, and one attack. */
import { type Figure, type FigureBatch, type Grain, grains, startOf } from "../../src/figures/figure.ts";

const { minute, hour, day } = grains;

/** Pieces that can be told apart by their number: no two look alike, and every run looks the same. */
function wave(index: number, salt: number): number {
  const x = Math.sin(index * 12.9898 + salt * 78.233) * 43_758.5453;
  return x - Math.floor(x);
}

function busyness(at: number): number {
  const date = new Date(at);
  const hours = date.getUTCHours() + date.getUTCMinutes() / 60;
  const byDay = Math.max(0.06, Math.sin(((hours - 5) / 16) * Math.PI));
  return byDay * (date.getUTCDay() % 6 === 0 ? 0.35 : 1);
}

/** How much happens in an hour in which everything happens. */
const perHour: Readonly<Record<string, number>> = {
  "signed-in": 9_900,
  "came-back": 2_700,
  failed: 1_240,
  "rejected/csrf-token": 61,
  "rejected/ended": 880,
  "rejected/unknown": 490,
  "rejected/throttled": 255,
  "rejected/cross-origin": 94,
  "rejected/theft": 1.4,
  "ended/expired": 7_350,
  "ended/logout": 3_760,
  "ended/revoked": 495,
  "ended/credentials-changed": 121,
  "took/0.2": 61_000,
  "took/0.5": 42_000,
  "took/1": 9_000,
  "took/5": 1_600,
  "took/20": 120,
};

function figuresOf(grain: Grain, start: number, now: number): Figure[] {
  const index = start / grain;
  const share = Math.min(1, Math.max(0.4, (now - start) / grain));
  const busy =
    grain === day
      ? Array.from({ length: 24 }, (_, hours) => busyness(start + hours * hour)).reduce((a, b) => a + b)
      : busyness(start + grain / 2) * (grain / hour);
  const isAttacked = index % 17 === 5;
  const counted = Object.entries(perHour).map(([name, most], salt) => {
    const attack = isAttacked && /failed|unknown|throttled|took\/20/.test(name) ? 9 : 1;
    return { name, count: Math.round(most * busy * share * attack * (0.75 + wave(index, salt) / 2)) };
  });
  const alive = madeUpAlive(grain === day ? start + 15 * hour : start);
  return [...counted, { name: "alive", count: alive }]
    .filter(({ count }) => count > 0)
    .map((each) => ({ grain, start, ...each }));
}

/** How many sessions are alive at that moment. */
export function madeUpAlive(at: number): number {
  return Math.round(21_000 + 38_000 * busyness(at) + 1_500 * wave(startOf(minute, at) / minute, 99));
}

export function madeUpMonth(now: number): FigureBatch[] {
  const spans = [
    [minute, 60],
    [hour, 24],
    [day, 30],
  ] as const;
  return spans.map(([grain, pieces]) => ({
    id: `made up ${grain}`,
    at: now,
    figures: Array.from({ length: pieces }, (_, ago) => startOf(grain, now) - ago * grain).flatMap((start) =>
      figuresOf(grain, start, now),
    ),
    addresses:
      grain === hour
        ? [
            { start: startOf(hour, now), address: "203.0.113.77", count: 1_204 },
            { start: startOf(hour, now), address: "2001:db8:4f:1::/64", count: 388 },
            { start: startOf(hour, now), address: "198.51.100.9", count: 61 },
            { start: startOf(hour, now), address: "192.0.2.140", count: 12 },
          ]
        : [],
  }));
}
