/** The tables of the audit in PostgreSQL. */

/** Each index is the order of pages within what is asked for; ids and names compare as bytes. */
export function auditSchema(at: string): string {
  return `CREATE TABLE ${at}coatcheck_audit (
  at bigint NOT NULL,
  position bigint,
  id text COLLATE "C" NOT NULL,
  event text COLLATE "C" NOT NULL,
  user_id text COLLATE "C",
  session_id text COLLATE "C",
  hash text,
  reason text,
  correlation_id text,
  client text,
  details text
);
CREATE UNIQUE INDEX coatcheck_audit_by_time ON ${at}coatcheck_audit (at, id);
CREATE INDEX coatcheck_audit_by_event ON ${at}coatcheck_audit (event, at, id);
CREATE INDEX coatcheck_audit_by_user ON ${at}coatcheck_audit (user_id, at, id) WHERE user_id IS NOT NULL;
CREATE INDEX coatcheck_audit_by_session ON ${at}coatcheck_audit (session_id, at, id) WHERE session_id IS NOT NULL;
CREATE UNIQUE INDEX coatcheck_audit_by_position ON ${at}coatcheck_audit (position) WHERE position IS NOT NULL;
CREATE INDEX coatcheck_audit_unsealed ON ${at}coatcheck_audit (at, id) WHERE position IS NULL;

CREATE TABLE ${at}coatcheck_audit_chain (
  start_position bigint NOT NULL,
  start_hash text NOT NULL,
  head_position bigint NOT NULL,
  head_hash text NOT NULL
);
INSERT INTO ${at}coatcheck_audit_chain VALUES (0, '', 0, '');
`;
}

/** For what one user has had of one event: among hundreds of thousands of others. */
export function auditEventsByUser(at: string): string {
  return `CREATE INDEX coatcheck_audit_by_user_event ON ${at}coatcheck_audit (user_id, event, at, id)
WHERE user_id IS NOT NULL;
`;
}
