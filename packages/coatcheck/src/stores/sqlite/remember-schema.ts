/** The table of remembered browsers in a SQLite database. */

export const rememberSchema: string = `
  CREATE TABLE coatcheck_remembered (
    id TEXT PRIMARY KEY,
    expires_at INTEGER NOT NULL,
    user_id TEXT NOT NULL,
    session_id TEXT NOT NULL,
    former_session_id TEXT,
    family_hash TEXT NOT NULL,
    secret_hash TEXT NOT NULL,
    secret_issued_at INTEGER NOT NULL,
    secret_revision INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    last_used_at INTEGER NOT NULL,
    pending TEXT,
    superseded TEXT NOT NULL,
    client TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX coatcheck_remembered_by_user ON coatcheck_remembered (user_id);
  CREATE UNIQUE INDEX coatcheck_remembered_by_session ON coatcheck_remembered (session_id);
  CREATE UNIQUE INDEX coatcheck_remembered_by_former_session ON coatcheck_remembered (former_session_id);
  `;
