/** What tells caches of changes, in the database itself: so that a manual DELETE counts, and a node of another release. */

export const triggers: readonly string[] = [
  "coatcheck_tell_deletes",
  "coatcheck_tell_truncates",
  "coatcheck_tell_updates",
];

/** What tells of each change but a touch. An empty id stands for all sessions. */
export function tellingSchema(at: string): string {
  return `CREATE FUNCTION ${at}coatcheck_tell() RETURNS trigger LANGUAGE plpgsql AS $tell$
BEGIN
  IF TG_LEVEL = 'ROW' THEN
    PERFORM pg_catalog.pg_notify('coatcheck_' || TG_RELID, OLD.id);
  ELSE
    PERFORM pg_catalog.pg_notify('coatcheck_' || TG_RELID, '');
  END IF;
  RETURN NULL;
END
$tell$;
${tellingUpdates(at, "NEW.last_seen_at = OLD.last_seen_at")}CREATE TRIGGER coatcheck_tell_deletes AFTER DELETE ON ${at}coatcheck_sessions FOR EACH ROW
  EXECUTE FUNCTION ${at}coatcheck_tell();
CREATE TRIGGER coatcheck_tell_truncates AFTER TRUNCATE ON ${at}coatcheck_sessions FOR EACH STATEMENT
  EXECUTE FUNCTION ${at}coatcheck_tell();
`;
}

/** @param noTouch what is true of an update that is no touch. */
function tellingUpdates(at: string, noTouch: string): string {
  return `CREATE TRIGGER coatcheck_tell_updates AFTER UPDATE ON ${at}coatcheck_sessions FOR EACH ROW
  WHEN (${noTouch} OR NEW.expires_at < OLD.expires_at
    OR NEW.secret_revision <> OLD.secret_revision OR NEW.data_revision <> OLD.data_revision
    OR NEW.authenticated_at <> OLD.authenticated_at OR NEW.data_version <> OLD.data_version)
  EXECUTE FUNCTION ${at}coatcheck_tell();
`;
}

/** Where there is an `active_at`, a change of it alone is untold: every cache would hear of every row that is written anew. */
export function tellingUpdatesAnew(at: string): string {
  const noTouch = "NEW.last_seen_at = OLD.last_seen_at AND NEW.active_at = OLD.active_at";
  return `DROP TRIGGER coatcheck_tell_updates ON ${at}coatcheck_sessions;
${tellingUpdates(at, noTouch)}`;
}
