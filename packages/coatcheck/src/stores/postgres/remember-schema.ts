/** The table of remembered browsers in a PostgreSQL database. */

/** Pages are filled up, unlike those of sessions: a use is rare, and changes the indexes of the sessions anyway. */
export function rememberSchema(at: string): string {
  return `CREATE TABLE ${at}coatcheck_remembered (
  id text COLLATE "C" PRIMARY KEY,
  secret_issued_at bigint NOT NULL,
  secret_revision bigint NOT NULL,
  created_at bigint NOT NULL,
  last_used_at bigint NOT NULL,
  expires_at bigint NOT NULL,
  user_id text COLLATE "C" NOT NULL,
  session_id text COLLATE "C" NOT NULL,
  former_session_id text COLLATE "C",
  family_hash text NOT NULL,
  secret_hash text NOT NULL,
  pending text,
  superseded text NOT NULL,
  client text NOT NULL
);
CREATE INDEX coatcheck_remembered_by_user ON ${at}coatcheck_remembered (user_id);
CREATE UNIQUE INDEX coatcheck_remembered_by_session ON ${at}coatcheck_remembered (session_id);
CREATE UNIQUE INDEX coatcheck_remembered_by_former_session ON ${at}coatcheck_remembered (former_session_id);
`;
}
