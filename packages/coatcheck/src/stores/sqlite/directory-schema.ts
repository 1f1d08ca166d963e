/** What SQLite needs to search sessions, and the table of those that live elsewhere. */

/**
 * Nothing that a touch writes is part of an index: `active_at` follows `last_seen_at` at a distance, by a statement of
 * its own. The address is read out of the client's JSON.
 */
export const directorySchema: string = `
  ALTER TABLE coatcheck_sessions ADD COLUMN active_at INTEGER NOT NULL DEFAULT 0;
  ${columnsOfClient("coatcheck_sessions")}
  UPDATE coatcheck_sessions SET active_at = last_seen_at;
  ${indexes("coatcheck_sessions")}
  CREATE TABLE coatcheck_projected_sessions (
    id TEXT PRIMARY KEY,
    expires_at INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL,
    active_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    authenticated_at INTEGER NOT NULL,
    user_id TEXT NOT NULL,
    amr TEXT NOT NULL,
    client TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  ${columnsOfClient("coatcheck_projected_sessions")}
  CREATE INDEX coatcheck_projected_sessions_by_user ON coatcheck_projected_sessions (user_id);
  ${indexes("coatcheck_projected_sessions")}
  `;

/** A client that cannot be read is nowhere. */
function columnsOfClient(table: string): string {
  return [
    ["address", "ip"],
    ["user_agent", "userAgent"],
  ]
    .map(
      ([column, field]) =>
        `ALTER TABLE ${table} ADD COLUMN ${column} TEXT
          GENERATED ALWAYS AS (iif(json_valid(client), client ->> '$.${field}', NULL)) VIRTUAL;`,
    )
    .join("\n");
}

function indexes(table: string): string {
  return `
  CREATE INDEX ${table}_by_activity ON ${table} (active_at, id);
  CREATE INDEX ${table}_by_creation ON ${table} (created_at, id);
  CREATE INDEX ${table}_by_address ON ${table} (address);`;
}
