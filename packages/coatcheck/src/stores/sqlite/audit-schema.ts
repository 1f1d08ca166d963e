/** The tables of the audit in SQLite. */

/**
 * Records are added, sealed once, and removed by retention from the beginning of the chain: whatever else somebody does
 * to them by mistake is refused. Who may write to the file may also drop the triggers: what finds that is the chain.
 *
 * Each index is the order of pages within what is asked for.
 */
export const auditSchema = `
  CREATE TABLE coatcheck_audit (
    at INTEGER NOT NULL,
    id TEXT NOT NULL,
    event TEXT NOT NULL,
    user_id TEXT,
    session_id TEXT,
    position INTEGER,
    hash TEXT,
    reason TEXT,
    correlation_id TEXT,
    client TEXT,
    details TEXT
  ) STRICT;
  CREATE UNIQUE INDEX coatcheck_audit_by_time ON coatcheck_audit (at, id);
  CREATE INDEX coatcheck_audit_by_event ON coatcheck_audit (event, at, id);
  CREATE INDEX coatcheck_audit_by_user ON coatcheck_audit (user_id, at, id) WHERE user_id IS NOT NULL;
  CREATE INDEX coatcheck_audit_by_session ON coatcheck_audit (session_id, at, id) WHERE session_id IS NOT NULL;
  CREATE UNIQUE INDEX coatcheck_audit_by_position ON coatcheck_audit (position) WHERE position IS NOT NULL;
  CREATE INDEX coatcheck_audit_unsealed ON coatcheck_audit (at, id) WHERE position IS NULL;
  CREATE TABLE coatcheck_audit_chain (
    start_position INTEGER NOT NULL,
    start_hash TEXT NOT NULL,
    head_position INTEGER NOT NULL,
    head_hash TEXT NOT NULL
  ) STRICT;
  INSERT INTO coatcheck_audit_chain VALUES (0, '', 0, '');
  CREATE TRIGGER coatcheck_audit_not_changed BEFORE UPDATE ON coatcheck_audit
  WHEN OLD.position IS NOT NULL
    OR (NEW.at, NEW.id, NEW.event, NEW.user_id, NEW.session_id, NEW.reason, NEW.correlation_id, NEW.client, NEW.details)
      IS NOT
      (OLD.at, OLD.id, OLD.event, OLD.user_id, OLD.session_id, OLD.reason, OLD.correlation_id, OLD.client, OLD.details)
  BEGIN SELECT RAISE(ABORT, 'Audit records are never changed'); END;
  CREATE TRIGGER coatcheck_audit_not_deleted BEFORE DELETE ON coatcheck_audit
  WHEN OLD.position IS NULL OR OLD.position > (SELECT start_position FROM coatcheck_audit_chain)
  BEGIN SELECT RAISE(ABORT, 'Audit records are deleted by retention alone'); END;
  `;

/** For what one user has had of one event: among hundreds of thousands of others. */
export const auditEventsByUser = `
  CREATE INDEX coatcheck_audit_by_user_event ON coatcheck_audit (user_id, event, at, id) WHERE user_id IS NOT NULL;
  `;
