/** The conditions in the scripts of Redis. Their tests start a server. */
import type { Mutants } from "../mutant.ts";

const redis = "node-redis The store Redis through node-redis";
const remembered = "node-redis Remembered browsers in Redis through node-redis";
const scripts = "coatcheck/src/stores/redis/scripts.ts";
const rememberScripts = "coatcheck/src/stores/redis/remember-scripts.ts";
const keyTests = "coatcheck/test/stores/redis-keys.integration.test.ts";
const contract = "coatcheck/test/stores/redis.integration.test.ts";

export const redisMutants: Mutants = {
  "brings an ended session in Redis back by an update": {
    breaks: "B9",
    file: scripts,
    text: `redis.call("SET", session, tombstone, "PX", \${tombstoneLifetime})`,
    becomes: "",
    killedBy: [contract, `${redis} update never brings an ended session back`],
  },
  "updates expired sessions in Redis": {
    breaks: "B15",
    file: scripts,
    text: "if number(expires) <= number(now) then return 0 end",
    becomes: "",
    killedBy: [
      contract,
      `${redis} update a session is dead from the millisecond of its deadline on, for every change`,
    ],
  },
  "ignores in Redis which secret was expected": {
    breaks: "B10",
    file: scripts,
    text: `if secret_wanted ~= "" and number(secret_revision) ~= number(secret_wanted) then return 0 end`,
    becomes: "",
    killedBy: [contract, `${redis} races renew against renew: exactly one wins, and what it wrote stays`],
  },
  "ignores in Redis which data were expected": {
    breaks: "B9",
    file: scripts,
    text: `if data_wanted ~= "" and number(data_revision) ~= number(data_wanted) then return 0 end`,
    becomes: "",
    killedBy: [
      contract,
      `${redis} races a counter that is written on the revision it was read at counts everybody`,
    ],
  },
  "moves the last use in Redis back with the clock": {
    breaks: "B24",
    file: scripts,
    text: `if seen_now ~= "" and number(seen_now) > number(seen) then`,
    becomes: `if seen_now ~= "" then`,
    killedBy: [contract, `${redis} update a touch. Neither time ever moves backwards`],
  },
  "overwrites what has the same id in Redis": {
    breaks: "B9",
    file: scripts,
    text: `if redis.call("EXISTS", session) == 1 then return "duplicate" end`,
    becomes: "",
    killedBy: [contract, `${redis} insert an ended session is not overwritten either`],
  },
  "evicts one session in Redis where several are too many": {
    breaks: "B11",
    file: scripts,
    text: "for i = 1, too_many do leave",
    becomes: "for i = 1, math.min(1, too_many) do leave",
    killedBy: [contract, `${redis} limit as many of the oldest leave as it takes`],
  },
  "evicts in Redis where the policy is to refuse": {
    breaks: "B11",
    file: scripts,
    text: `if too_many > 0 and exceeded == "refuse" then return "limit" end`,
    becomes: "",
    killedBy: [
      contract,
      `${redis} races parallel sign-ins under a limit that refuses end exactly at the limit`,
    ],
  },
  "writes sessions to Redis that live for ever": {
    breaks: "B9",
    file: scripts,
    text: `redis.call("SET", session, text, "PX", whole(lifetime))`,
    becomes: `redis.call("SET", session, text)`,
    killedBy: [keyTests, "Times to live in Redis every key has one after insert"],
  },
  "drops the time to live of a session in Redis by a touch": {
    breaks: "B9",
    file: scripts,
    text: `.. "]", number(expires), number(now))`,
    becomes: `.. "]", number(expires), number(now))
redis.call("PERSIST", session)`,
    killedBy: [keyTests, "Times to live in Redis every key has one after a touch"],
  },
  "buries sessions in Redis for ever": {
    breaks: "B18",
    file: scripts,
    text: `redis.call("SET", session, tombstone, "PX", \${tombstoneLifetime})`,
    becomes: `redis.call("SET", session, tombstone)`,
    killedBy: [keyTests, "Times to live in Redis every key has one after delete"],
  },
  "looks for a user's sessions among all keys of Redis": {
    breaks: "B11",
    file: scripts,
    text: `local spared, reason, told_until = unpack(ARGV)
`,
    becomes: `local spared, reason, told_until = unpack(ARGV)
redis.call("KEYS", "*")
`,
    killedBy: [
      "coatcheck/test/stores/redis-commands.integration.test.ts",
      "What is asked of Redis every operation is one command, and none but the walk looks at the keys of others (connect-redis#288)",
    ],
  },
  "merges a key into the data in Redis at the end of another's name": {
    breaks: "B9",
    file: scripts,
    text: `if is_escape then at = at + 1 end`,
    becomes: "",
    killedBy: [contract, `${redis} data a key is any string, \`__proto__\` and \`constructor\` included`],
  },
  "counts sessions in Redis that have gone": {
    breaks: "B11",
    file: scripts,
    text: `      else
        table.insert(unlisted, id)
      end`,
    becomes: `      else
        table.insert(sessions, { id = id, created = 0 })
      end`,
    killedBy: [keyTests, "An index in Redis does not count sessions that have gone"],
  },
  "spares a session in Redis when all are to end": {
    breaks: "promise 2",
    file: scripts,
    text: `  if id ~= spared then
`,
    becomes: `  if id ~= spared and #ended < 1 then
`,
    killedBy: [
      contract,
      `${redis} deleteByUser ends all sessions of a user but \`except\`, in one step, leaving tombstones; returns what it ended`,
    ],
  },
  "uses a remembered browser in Redis twice at one revision": {
    breaks: "B21",
    file: rememberScripts,
    text: "if number(revision) ~= number(wanted) then return 0 end",
    becomes: "",
    killedBy: [
      contract,
      `${remembered} races parallel uses at one revision: exactly one is true, and what it wrote stays`,
    ],
  },
  "gives one session in Redis to two browsers": {
    breaks: "protections/remember-me",
    file: rememberScripts,
    text: `if new_session and redis.call("EXISTS", new_session) == 1 then return 0 end`,
    becomes: "",
    killedBy: [
      contract,
      `${remembered} races a session that several browsers are to have becomes that of one`,
    ],
  },
  "uses a remembered browser in Redis after its time": {
    breaks: "B21",
    file: rememberScripts,
    text: `if number(expires) <= number(now) then return 0 end
if number(revision)`,
    becomes: "if number(revision)",
    killedBy: [
      contract,
      `${remembered} update a record is dead from the millisecond of its deadline on, and no use moves that`,
    ],
  },
  "keeps counters in Redis for ever": {
    breaks: "B18",
    file: "coatcheck/src/stores/redis/throttle.ts",
    text: `redis.call("PEXPIRE", key, text(forgotten - now))
`,
    becomes: "",
    killedBy: [
      "coatcheck/test/stores/throttle.integration.test.ts",
      "A counter in Redis has a time to live whatever is done to it, and no key arises without one",
    ],
  },
};
