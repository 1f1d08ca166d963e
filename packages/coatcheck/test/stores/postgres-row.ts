import { listedColumns, recordColumns, toRecord } from "../../src/stores/postgres/row.ts";

/** A row as it is read: put together as `recordText` has PostgreSQL do it. */
export function readRow(row: readonly unknown[]): ReturnType<typeof toRecord> {
  const columns = Object.keys(recordColumns);
  const of = (column: string) => row[columns.indexOf(column)];
  const parts = listedColumns.map(([column, kind]) => {
    if (of(column) === null) return "null";
    return kind.startsWith("text") ? `"${of(column)}"` : of(column);
  });
  return toRecord(String(of("id")), `[${parts.join(",")}]`);
}
