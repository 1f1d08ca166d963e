/** The commands for the audit. */
import { type AuditBreak, type AuditQuery, type AuditRecord, type AuditSeal, verifyAudit } from "coatcheck";
import { recordJson } from "../api/audit-record-json.ts";
import { pagesOfRecords } from "../audit/all-records.ts";
import { deviceName } from "../device-name.ts";
import { type Command, FailedError, type Given, jsonOption, MisuseError } from "./command.ts";
import { inExistingOffice, type Office, userOf } from "./office.ts";
import { count, moment, printJson, printTable } from "./output.ts";

const filters = {
  user: { value: "email", summary: "Only what concerns this user" },
  "user-id": { value: "id", summary: "Only what concerns the user of this id, who may be gone" },
  event: { value: "name", summary: "Only events of this name: created, theft, sign-in-failed, …" },
  session: { value: "id", summary: "Only what happened to this session" },
  from: { value: "time", summary: "From this moment on: 2030-01-31 or 2030-01-31T12:00Z" },
  to: { value: "time", summary: "Before this moment" },
};

const day = 24 * 60 * 60_000;
const defaultCount = 50;

export const auditVerify: Command = {
  name: "audit verify",
  summary: "Check that no sealed audit record was changed, deleted or put in",
  details: [
    "Compares every record with the chain of hashes. What is younger than the last sealing, some seconds, is not in it",
    "yet. Somebody who may write to the database could also make the whole chain anew: give a head that was published",
    "before, from the server's log (audit-sealed) or from audit head, and that is found too: one that is not older than",
    "COATCHECK_AUDIT_DAYS, as long as records are kept.",
  ],
  options: {
    head: { value: "position:hash", summary: "A head that was published before: the chain must lead to it" },
    ...jsonOption,
  },
  async run(given) {
    const published = headIn(given.value("head"));
    await inExistingOffice(async ({ audit, config }) => {
      const retention = config.auditDays * day;
      const verification = await verifyAudit(audit, { retention, ...(published && { published }) });
      const { intact, breaks, checked, since, start, head } = verification;
      if (given.has("json")) {
        printJson({ ...verification, breaks: breaks.map(breakJson) });
      } else {
        if (start.position > 0) console.log(removedBefore(start, since));
        const isHeadGone = published !== undefined && published.position <= start.position;
        const beginning = beginningSentence(config.auditDays, isHeadGone);
        for (const each of breaks) console.log(sentenceOf(each, beginning));
        if (intact) console.log(`The audit is intact: ${count(checked, "record")}, up to ${shown(head)}.`);
      }
      if (!intact) throw new FailedError(`The audit is not intact: ${count(breaks.length, "break")} found.`);
    });
  },
};

export const auditHead: Command = {
  name: "audit head",
  summary: "Print the head of the chain, to be kept where nobody can change it",
  options: jsonOption,
  async run(given) {
    await inExistingOffice(async ({ audit }) => {
      const { head } = await audit.chain(0, 0);
      if (given.has("json")) printJson({ head });
      else console.log(shown(head));
    });
  },
};

export const auditList: Command = {
  name: "audit list",
  summary: "List what happened, the newest first",
  options: {
    ...filters,
    count: { value: "number", summary: `How many records. Default: ${defaultCount}` },
    ...jsonOption,
  },
  async run(given) {
    const most = countIn(given.value("count"));
    await inExistingOffice(async (office) => {
      const records: AuditRecord[] = [];
      for await (const page of pagesOfRecords(office.audit, await queryOf(office, given, auditList.name))) {
        records.push(...page);
        if (records.length >= most) break;
      }
      records.splice(most);
      if (given.has("json")) return printJson({ records: records.map(recordJson) });
      printTable(
        ["TIME", "EVENT", "REASON", "USER", "SESSION", "DEVICE", "ADDRESS"],
        records.map((record) => [
          moment(record.at),
          record.event,
          record.reason ?? "",
          record.userId ?? "",
          record.sessionId ?? "",
          record.client?.userAgent === undefined ? "" : deviceName(record.client.userAgent),
          record.client?.ip ?? "",
        ]),
      );
    });
  },
};

export const auditExport: Command = {
  name: "audit export",
  summary: "Print all records, the newest first, a JSON object on each line",
  options: { jsonl: { summary: "JSON Lines: what there is; need not be said" }, ...filters },
  async run(given) {
    await inExistingOffice(async (office) => {
      const query = await queryOf(office, given, auditExport.name);
      for await (const records of pagesOfRecords(office.audit, query)) {
        for (const record of records) {
          if (!process.stdout.write(`${JSON.stringify(recordJson(record))}\n`)) await drained();
        }
      }
    });
  },
};

async function queryOf(office: Office, given: Given, command: string): Promise<Omit<AuditQuery, "limit">> {
  const [email, id, event, sessionId] = ["user", "user-id", "event", "session"].map((name) =>
    given.value(name),
  );
  if (email !== undefined && id !== undefined) throw new MisuseError("--user excludes --user-id.", command);
  const userId = email === undefined ? id : (await userOf(office, email)).id;
  const [from, to] = ["from", "to"].map((name) => timeIn(name, given.value(name), command));
  return {
    ...(userId !== undefined && { userId }),
    ...(event !== undefined && { event }),
    ...(sessionId !== undefined && { sessionId }),
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
  };
}

function timeIn(option: string, text: string | undefined, command: string): number | undefined {
  if (text === undefined) return undefined;
  const time = /^\d{4}-\d\d-\d\d(T[\d:.]+(Z|[+-]\d\d:\d\d))?$/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(time)) return time;
  throw new MisuseError(`--${option} must be a day or a moment, 2030-01-31 or 2030-01-31T12:00Z.`, command);
}

function countIn(text: string | undefined): number {
  const number = Number(text ?? defaultCount);
  if (Number.isSafeInteger(number) && number > 0) return number;
  throw new MisuseError("--count must be a number from 1 on.", auditList.name);
}

function headIn(text: string | undefined): AuditSeal | undefined {
  if (text === undefined) return undefined;
  const [, position, hash] = /^(\d{1,15}):([\w-]{43})$/.exec(text) ?? [];
  if (hash !== undefined) return { position: Number(position), hash };
  throw new MisuseError(
    "--head must be what audit head prints: a position, a colon and a hash.",
    auditVerify.name,
  );
}

function removedBefore({ position }: AuditSeal, since: number | undefined): string {
  const next = since === undefined ? "none is left" : `the first one left is of ${moment(since)}`;
  return `${count(position, "record")} from the beginning ${position === 1 ? "is" : "are"} not kept any more; ${next}.`;
}

/** Retention is the other explanation, if it was another one before. */
function beginningSentence(days: number, isHeadGone: boolean): string {
  const limit = count(days, "day");
  return isHeadGone
    ? `The record of the given head is among those. If the head was published more than ${limit} ago, or COATCHECK_AUDIT_DAYS was smaller before, give a younger one; otherwise somebody removed what retention leaves.`
    : `Retention leaves a record of more than ${limit} ago at the beginning, and here is none. Somebody else removed it, unless COATCHECK_AUDIT_DAYS was smaller before: then this is said until the first record is that old.`;
}

function shown({ position, hash }: AuditSeal): string {
  return `${position}:${hash}`;
}

function breakJson({ record, ...where }: AuditBreak) {
  return { ...where, ...(record && { record: recordJson(record) }) };
}

function sentenceOf({ problem, position, count: concerned, record }: AuditBreak, beginning: string): string {
  const what = record ? ` (${record.event} of ${moment(record.at)}, id ${record.id})` : "";
  switch (problem) {
    case "changed":
      return `Record ${position} is not what was sealed there${what}.`;
    case "missing":
      return `${count(concerned, "record")} from ${position} on ${concerned === 1 ? "is" : "are"} missing.`;
    case "surplus":
      return `A record stands at ${position}, where the chain has no place${what}.`;
    case "rewritten":
      return `The hash at ${position} is not the given one: the chain was made anew.`;
    case "beginning":
      return beginning;
  }
}

function drained(): Promise<void> {
  return new Promise((resolve) => process.stdout.once("drain", () => resolve()));
}
