/** The audit as a file: everything that fits the filter, the newest first, sent while it is read. */
import { ReadableStream } from "node:stream/web";
import type { AuditRecord } from "coatcheck";
import type { Hono } from "hono";
import { type AuditRecordJson, recordJson } from "../api/audit-record-json.ts";
import { pagesOfRecords } from "../audit/all-records.ts";
import { csvLine } from "../audit/csv.ts";
import type { AppEnv, House } from "../env.ts";
import { filterOf, queryOf } from "./audit-filter.ts";

interface Format {
  readonly type: string;
  readonly head: string;
  readonly line: (record: AuditRecordJson) => string;
}

const columns = [
  "at",
  "event",
  "reason",
  "userId",
  "sessionId",
  "ip",
  "device",
  "userAgent",
  "correlationId",
  "id",
] as const;

const formats: Readonly<Record<"csv" | "jsonl", Format>> = {
  csv: {
    type: "text/csv; charset=utf-8",
    head: csvLine([...columns, "details"]),
    line: (record) =>
      csvLine([
        ...columns.map((name) => record[name]),
        record.details === undefined ? "" : JSON.stringify(record.details),
      ]),
  },
  jsonl: {
    type: "application/jsonl; charset=utf-8",
    head: "",
    line: (record) => `${JSON.stringify(record)}\n`,
  },
};

export function auditExports(app: Hono<AppEnv>, { accounts, audit }: House): void {
  for (const [name, format] of Object.entries(formats)) {
    app.get(`/admin/audit/audit.${name}`, async (c) => {
      const pages = pagesOfRecords(audit, await queryOf(accounts, filterOf(c)));
      // Whoever goes away ends the reading with it.
      const body = ReadableStream.from(textOf(pages, format)) as globalThis.ReadableStream;
      return c.body(body, 200, {
        "Content-Type": format.type,
        "Content-Disposition": `attachment; filename="audit.${name}"`,
      });
    });
  }
}

async function* textOf(
  pages: AsyncGenerator<readonly AuditRecord[]>,
  { head, line }: Format,
): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  if (head) yield encoder.encode(head);
  for await (const records of pages)
    yield encoder.encode(records.map((record) => line(recordJson(record))).join(""));
}
