/** All records that fit, however many: read piece by piece, so that nobody waits and nothing piles up. */
import type { AuditQuery, AuditRecord, AuditStore } from "coatcheck";

const pageSize = 200;

export async function* pagesOfRecords(
  audit: AuditStore,
  query: Omit<AuditQuery, "limit" | "cursor">,
): AsyncGenerator<readonly AuditRecord[]> {
  let cursor: string | undefined;
  do {
    const page = await audit.query({ ...query, limit: pageSize, ...(cursor !== undefined && { cursor }) });
    yield page.records;
    cursor = page.next;
  } while (cursor !== undefined);
}
