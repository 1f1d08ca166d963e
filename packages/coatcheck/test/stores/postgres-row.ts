import { listedColumns, recordColumns, toRecord } from "../../src/stores/postgres/row.ts";

/** A row as it is read: put together as `recordText` has PostgreSQL do it. */
export function readRow(row: readonly unknown[]): ReturnType<typeof toRecord> {
  const names = Object.keys(recordColumns);
  const of = (column: string) => row[names.indexOf(column)];
  const parts = listedColumns.map(([columns, kind]) => {
    const values = [columns].flat().map(of);
    if (values.includes(null)) return "null";
    return kind.startsWith("text") ? `"${values.join(" ")}"` : values.join(" ");
  });
  return toRecord(String(of("id")), `[${parts.join("\n,")}]`);
}
