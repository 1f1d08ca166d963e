-- The tables as the first release made them.
CREATE TABLE coatcheck_sessions (
  id TEXT PRIMARY KEY,
  expires_at INTEGER NOT NULL,
  user_id TEXT NOT NULL,
  family_hash TEXT NOT NULL,
  secret_hash TEXT NOT NULL,
  secret_issued_at INTEGER NOT NULL,
  pending TEXT,
  superseded TEXT NOT NULL,
  secret_revision INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  authenticated_at INTEGER NOT NULL,
  amr TEXT NOT NULL,
  last_seen_at INTEGER NOT NULL,
  client TEXT NOT NULL,
  data_version INTEGER NOT NULL,
  data_revision INTEGER NOT NULL,
  data TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX coatcheck_sessions_by_user ON coatcheck_sessions (user_id);
CREATE TABLE coatcheck_ended_sessions (
  id TEXT PRIMARY KEY,
  family_hash TEXT NOT NULL,
  reason TEXT NOT NULL,
  until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE coatcheck_schema (version INTEGER NOT NULL) STRICT;
INSERT INTO coatcheck_schema VALUES (1);
