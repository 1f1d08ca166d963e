import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { generateKey } from "coatcheck";
import * as fc from "fast-check";
import { assertLinear, pumpsOf } from "../../../../test/fuzz/growth.ts";
import { holds } from "../../../../test/fuzz/property.ts";
import { madeOf, nearly, wildText } from "../../../../test/fuzz/texts.ts";
import { commandIn, readArguments } from "../../src/cli/arguments.ts";
import { auditExport, auditList, auditVerify } from "../../src/cli/audit.ts";
import { type Command, MisuseError } from "../../src/cli/command.ts";
import { keysRotate } from "../../src/cli/keys.ts";
import { serve } from "../../src/cli/serve.ts";
import { sessionsList, sessionsRevoke } from "../../src/cli/sessions.ts";
import { usersAdd, usersList } from "../../src/cli/users.ts";
import { ConfigError, readConfig } from "../../src/config.ts";
import { KeyFileError, readKeyFile, replaceKeyFile } from "../../src/keys/key-file.ts";
import { parseSender } from "../../src/mail/sender.ts";
import { parseSmtpAddress, shownSmtpAddress } from "../../src/mail/smtp-address.ts";
import { AddressError, exposure, parseStoreAddress, shownAddress } from "../../src/store-address.ts";

const secret = "canary7f3a";
const key = generateKey();

/** What is sound, under the name of each setting. */
const sound: Readonly<Record<string, readonly string[]>> = {
  PORT: ["0", "3000"],
  HOST: ["127.0.0.1", "localhost"],
  COATCHECK_ORIGIN: ["http://localhost:3000", "https://sign-in.example.com"],
  COATCHECK_DATABASE: [
    "sqlite:data/coatcheck.db",
    `postgres://user:${secret}@db.example:5432/name?sslmode=verify-full`,
    `postgresql://user@%2Fvar%2Frun/name?password=${secret}#${secret}`,
  ],
  COATCHECK_SESSIONS: [
    "memory:",
    `redis://:${secret}@10.0.0.1:6379/1`,
    `rediss://user:${secret}@cache.example`,
  ],
  COATCHECK_SECRET: [key, `${key}, ${generateKey()}`],
  COATCHECK_ADMIN_EMAIL: ["ada@example.com"],
  COATCHECK_ADMIN_PASSWORD: [`tea kettle ${secret} window`],
  COATCHECK_SMTP_URL: [`smtp://user:${secret}@mail.example:587`, "smtps://mail.example", "smtp://[::1]"],
  COATCHECK_MAIL_FROM: ["no-reply@example.com", "Example <no-reply@example.com>"],
  COATCHECK_TRUST_PROXY: ["loopback", "10.0.0.0/8, ::1"],
  COATCHECK_MAX_SESSIONS: ["1", "10000"],
  COATCHECK_FINGERPRINT: ["off", "report", "reject", "revoke"],
  COATCHECK_AUDIT_DAYS: ["1", "36500"],
  COATCHECK_METRICS_TOKEN: [`${secret}-0123456789`],
};

/** What is wrong, whatever the others are. */
const broken: Readonly<Record<string, readonly string[]>> = {
  PORT: ["65536", "x", "-1", "3000 ", "0x10", "1e3", "\u0661"],
  COATCHECK_ORIGIN: [
    "x",
    "ftp://example.com",
    "http://example.com",
    "https://example.com/a",
    "https://a@b.example",
  ],
  COATCHECK_DATABASE: [
    "x",
    "sqlite:",
    "sqlite://a",
    "memory:",
    "redis://a",
    "postgres:a",
    "postgres://a/b?sslmode=x",
  ],
  COATCHECK_SESSIONS: ["x", "memory:a", "redis:/a", "redis://a%zz@b", "__proto__:", "sqlite::memory:"],
  COATCHECK_SECRET: ["x", ",", `${key},${key}`, "__proto__", `a:${"x".repeat(43)}`],
  COATCHECK_ADMIN_EMAIL: ["x", "a@b@c", "a\r\nb@c", "@", "x".repeat(300)],
  COATCHECK_ADMIN_PASSWORD: ["x", "password123456789", "\ud800".repeat(20), "x".repeat(2_000)],
  COATCHECK_SMTP_URL: [
    "x",
    "http://a",
    "smtp:a",
    "smtp://a/b",
    "smtp://user@a",
    "smtp://u:%zz@a",
    "smtps://",
  ],
  COATCHECK_MAIL_FROM: ["x", "a\r\nBcc: b@c", "<a@b", "A\u202e <a@b>"],
  COATCHECK_TRUST_PROXY: ["x", "0.0.0.0/0", "loopback, 10.0.0.0/33"],
  COATCHECK_MAX_SESSIONS: ["0", "x", "10001", "1.5"],
  COATCHECK_FINGERPRINT: ["x", "constructor", "Off"],
  COATCHECK_AUDIT_DAYS: ["0", "36501", "1e3"],
  COATCHECK_METRICS_TOKEN: ["x", "a b c d e f g h i j k", "x".repeat(257)],
  COATCHECK_PROT: ["3000"],
  COATCHECK_: ["x"],
};

const environments = fc.record(
  Object.fromEntries(
    Object.entries(sound).map(([name, values]) => [
      name,
      fc.oneof(fc.constantFrom(...values), nearly(fc.constantFrom(...values)), wildText),
    ]),
  ),
  { requiredKeys: [] },
);

describe("the environment", () => {
  test(
    "gives a configuration, or errors that each name a setting, and shows no secret",
    holds(
      fc.property(
        environments,
        fc.constantFrom("serving", "tools"),
        fc.dictionary(wildText, wildText),
        (env, purpose, others) => {
          const { problems, notices } = read({ ...others, ...(env as Record<string, string>) }, purpose);
          for (const problem of problems) assert.match(problem, /^(?:PORT|HOST|COATCHECK_)/);
          assert.ok(![...problems, ...notices].some((text) => text.includes(secret)));
        },
      ),
      { runs: 300 },
    ),
  );

  const settings = Object.keys(broken).map((name) =>
    fc.record({ name: fc.constant(name), isBroken: fc.boolean(), at: fc.nat(7) }),
  );

  test(
    "with several mistakes is refused once, and every one of them is named",
    holds(
      fc.property(fc.tuple(...settings), (chosen) => {
        const pick = (list: readonly string[] | undefined, at: number) => list?.[at % list.length];
        const wrong = chosen.filter(({ isBroken }) => isBroken).map(({ name }) => name);
        const entries = chosen.map(({ name, isBroken, at }) => [
          name,
          pick((isBroken ? broken : sound)[name], at),
        ]);
        const { problems } = read(
          Object.fromEntries(entries.filter(([, value]) => value !== undefined)),
          "serving",
        );
        const named = new Set(problems.map((problem) => /^\w+/.exec(problem)![0]));
        assert.deepEqual([...named].sort(), wrong.sort());
      }),
      { runs: 200 },
    ),
  );
});

describe("the address of a store", () => {
  const addresses = ["COATCHECK_DATABASE", "COATCHECK_SESSIONS"].flatMap((name) => sound[name]!);
  const texts = fc.oneof(
    nearly(fc.constantFrom(...addresses)),
    madeOf("postgres", "redis", "sqlite", ":", "//", "@", "/", "?", "sslmode=", "%2F", "host=", secret, "db"),
    wildText,
  );

  test(
    "is understood or an AddressError; what is understood is the same when it is read again, and can be shown",
    holds(
      fc.property(texts, (text) => {
        try {
          const address = parseStoreAddress(text);
          const again =
            address.kind === "memory" ? "memory:" : "url" in address ? address.url : `sqlite:${address.file}`;
          assert.deepEqual(parseStoreAddress(again), address);
          exposure(address, {});
          shownAddress(address);
        } catch (error) {
          assert.ok(error instanceof AddressError, String(error));
        }
      }),
      { runs: 1_000 },
    ),
  );

  test(
    "is shown without its password",
    holds(
      fc.property(fc.constantFrom(...addresses), wildText, (text, password) => {
        const hidden = encodeURIComponent(password.toWellFormed()).replace(/['()*!]/g, "");
        fc.pre(hidden.length > 6);
        const address = parseStoreAddress(text.replaceAll(secret, hidden));
        if (/\/\/[^/]*:/.test(text)) assert.ok(!shownAddress(address).includes(hidden));
      }),
    ),
  );

  test("costs work that grows with its length and no faster", () => {
    for (const before of ["", "postgres://", "redis://a:", "postgres://a/b?sslmode=", "sqlite:"]) {
      const pumps = pumpsOf("a", ":", "/", "@", "%", "?", "a=&").map((pump) => ({ ...pump, before }));
      assertLinear((text) => refused(AddressError, () => parseStoreAddress(text)), pumps);
    }
  });
});

describe("the address of the mail server", () => {
  const texts = fc.oneof(
    nearly(fc.constantFrom(...sound.COATCHECK_SMTP_URL!)),
    madeOf("smtp", "smtps", "://", ":", "@", "/", "[::1]", "mail.example", "25", "%40", secret),
    wildText,
  );

  test(
    "is understood or an AddressError without its password; as it is shown it is understood again",
    holds(
      fc.property(texts, (text) => {
        const address = refused(AddressError, () => parseSmtpAddress(text));
        if (address instanceof Error) return assert.ok(!address.message.includes(secret));
        const shown = parseSmtpAddress(shownSmtpAddress(address));
        assert.deepEqual({ ...shown, login: undefined }, { ...address, login: undefined });
        assert.ok(address.port >= 1 && address.port <= 65_535);
      }),
      { runs: 1_000 },
    ),
  );

  test(
    "sends from one address, in whose name is no line break",
    holds(
      fc.property(
        fc.oneof(
          nearly(fc.constantFrom(...sound.COATCHECK_MAIL_FROM!)),
          madeOf("a", "<", ">", "@", '"', "\r\n", " "),
          wildText,
        ),
        (text) => {
          const sender = parseSender(text);
          if (!sender) return;
          assert.doesNotMatch(sender.name + sender.address, /\p{C}/u);
          assert.deepEqual(parseSender(`${sender.name} <${sender.address}>`), sender);
        },
      ),
      { runs: 1_000 },
    ),
  );

  test("costs work that grows with its length and no faster", () => {
    const pumps = pumpsOf("a", "<", ">", " ", "@", "smtp://", '"');
    assertLinear((text) => refused(AddressError, () => parseSmtpAddress(text)), pumps);
    assertLinear(parseSender, pumps);
  });
});

describe("a file of keys", () => {
  const folder = mkdtempSync(join(tmpdir(), "coatcheck-keys-"));
  const file = join(folder, "keys");
  after(() => rmSync(folder, { recursive: true }));
  const line = `${key} 2030-01-01T00:00:00.000Z`;

  test(
    "is read or damaged, and shows no key",
    holds(
      fc.property(
        fc.oneof(
          madeOf(line, "\n", "\r", " ", "#", key, ":", generateKey()),
          nearly(fc.constant(line)),
          wildText,
        ),
        (text) => {
          writeFileSync(file, text);
          const keys = refused(KeyFileError, () => readKeyFile(file));
          if (keys instanceof Error) assert.ok(!keys.message.includes(key.split(":")[1]!));
          else assert.ok(keys!.every(({ sealsFrom }) => Number.isFinite(sealsFrom)));
        },
      ),
      { runs: 60 },
    ),
  );

  test(
    "is read as it was written",
    holds(
      fc.property(fc.array(fc.date({ noInvalidDate: true }), { minLength: 1, maxLength: 3 }), (dates) => {
        const keys = dates.map((date) => ({ key: generateKey(), sealsFrom: date.getTime() }));
        replaceKeyFile(file, keys);
        assert.deepEqual(readKeyFile(file), keys);
      }),
      { runs: 20 },
    ),
  );
});

describe("the command line", () => {
  const commands: readonly Command[] = [
    ...[serve, usersAdd, usersList, sessionsList, sessionsRevoke, keysRotate],
    ...[auditVerify, auditList, auditExport],
  ];
  const names = commands.flatMap(({ name }) => name.split(" "));
  const options = commands.flatMap(({ options = {} }) => Object.keys(options));
  const words = fc.oneof(
    fc.constantFrom(...names),
    fc.constantFrom(...options).map((name) => `--${name}`),
    madeOf("--", "-", "=", "json", "user", "no-", "a"),
    fc.constantFrom(
      "--__proto__",
      "--constructor=x",
      "-GtFqv0-v-Ry6qIhFlRrpZlzF",
      "--",
      "-",
      "-x",
      "ada@example.com",
    ),
    wildText,
  );

  test(
    "calls a command with what it takes, or is a misuse that says how",
    holds(
      fc.property(fc.array(words, { maxLength: 6 }), (args) => {
        const given = refused(MisuseError, () => {
          const { command, rest } = commandIn(commands, args);
          return { command, given: readArguments(command, rest) };
        });
        if (given instanceof Error) return assert.notEqual(given.message, "");
        for (const [name, { value }] of Object.entries(given.command.options ?? {})) {
          const found = given.given.value(name);
          if (value !== undefined) assert.ok(found === undefined || found.length > 0);
        }
        assert.ok(given.given.arguments.length <= (given.command.arguments ?? []).length);
      }),
      { runs: 300 },
    ),
  );
});

/** What is wrong with the environment, and what is told of it. */
function read(env: Record<string, string>, purpose: string) {
  const config = refused(ConfigError, () => readConfig(env, purpose as "serving"));
  if (!(config instanceof Error)) return { problems: [], notices: config.notices };
  assert.ok(config.problems.length > 0);
  return { problems: config.problems, notices: [] };
}

/** What it gives, or its own error; any other is thrown on. */
function refused<T, E extends Error>(kind: abstract new (...args: never[]) => E, deed: () => T): T | E {
  try {
    return deed();
  } catch (error) {
    if (error instanceof kind) return error;
    throw error;
  }
}
