/** What Redis says of itself that would cost users their sessions. */
import type { Finding } from "../../core/finding.ts";
import type { Connection, Master } from "./connection.ts";
import { evictionPolicy } from "./eviction.ts";
import { patternOf } from "./pattern.ts";

/** So many keys are looked at, on each master. */
const mostKeys = 1_000_000;
const keysAtOnce = 1_000;

export async function diagnoseRedis(redis: Connection, prefix: string): Promise<Finding[]> {
  const masters = await redis.masters();
  const findings = await Promise.all(
    masters.map(async (master) => [
      ...(await diagnoseServer(master)),
      ...(await diagnoseKeys(master, `${patternOf(prefix)}*`)),
    ]),
  );
  return findings.flat();
}

async function diagnoseServer(master: Master): Promise<Finding[]> {
  const text = String(await master.send(["INFO"]));
  const info = infoOf(text);
  const at = master.name ? ` (${master.name})` : "";
  const findings: Finding[] = [];
  const policy = evictionPolicy(text);
  if (policy !== undefined) {
    findings.push({
      code: "redis-eviction",
      severity: "error",
      what: `Redis${at} drops keys when its memory is full (maxmemory-policy ${policy}).`,
      why: 'Users are signed out at random, and "sign out everywhere" may miss a session whose index was dropped.',
      fix: "CONFIG SET maxmemory-policy noeviction, and the same in redis.conf.",
    });
  }
  if (info("aof_enabled") === "0") findings.push(await unsaved(master, at));
  if (info("role") === "slave") {
    findings.push({
      code: "redis-replica",
      severity: "error",
      what: `The client is connected to a replica${at}.`,
      why: "It takes no writes, and may not know yet that a session ended.",
      fix: "Connect to the master, or by way of Sentinel.",
    });
  }
  return findings;
}

async function unsaved(master: Master, at: string): Promise<Finding> {
  const fix = "CONFIG SET appendonly yes, and the same in redis.conf; or live with it knowingly.";
  return (await savePoints(master)) === ""
    ? {
        code: "redis-not-persistent",
        severity: "warning",
        what: `Redis${at} keeps nothing on disk: neither snapshots nor an append-only file.`,
        why: "A restart signs everybody out.",
        fix,
      }
    : {
        code: "redis-snapshots-only",
        severity: "warning",
        what: `Redis${at} keeps snapshots only, no append-only file.`,
        why: "A crash brings back the state of the last snapshot: sessions that were ended since live again.",
        fix,
      };
}

/** Where Redis may not be asked for its configuration, as at many providers, snapshots are taken to be on. */
async function savePoints(master: Master): Promise<string> {
  try {
    const [, value] = flat(await master.send(["CONFIG", "GET", "save"]));
    return value ?? "";
  } catch {
    return "unknown";
  }
}

/** None of ours can be without a time to live: somebody has meddled, or restored them with another tool. */
async function diagnoseKeys(master: Master, pattern: string): Promise<Finding[]> {
  let immortal = 0;
  let example = "";
  let seen = 0;
  let cursor = "0";
  do {
    const reply = await master.send(["SCAN", cursor, "MATCH", pattern, "COUNT", String(keysAtOnce)]);
    const [next, keys] = reply as [unknown, string[]];
    const lifetimes = await Promise.all(keys.map((key) => master.send(["PTTL", key])));
    const without = keys.filter((_, index) => Number(lifetimes[index]) === -1);
    immortal += without.length;
    example ||= without[0] ?? "";
    seen += keysAtOnce;
    cursor = String(next);
  } while (cursor !== "0" && seen < mostKeys);
  if (immortal === 0) return [];
  return [
    {
      code: "redis-immortal-keys",
      severity: "warning",
      what: `${immortal} key${immortal === 1 ? " has" : "s have"} no time to live, for example ${example}.`,
      why: "They stay in memory for ever. Coatcheck never writes such keys: another program uses the same prefix, or changed them.",
      fix: "Find out who wrote them; then delete them, or give the store a prefix of its own.",
    },
  ];
}

type Info = (name: string) => string | undefined;

function infoOf(text: string): Info {
  const values = new Map(
    Array.from(text.matchAll(/^(\w+):(.*?)\r?$/gm), ([, name, value]) => [name!, value!]),
  );
  return (name) => values.get(name);
}

function flat(reply: unknown): string[] {
  if (Array.isArray(reply)) return reply.map(String);
  return Object.entries(reply as object).flatMap(([name, value]) => [name, String(value)]);
}
