/** The table of failed attempts. */

export const throttleSchema: string = `
  CREATE TABLE coatcheck_attempts (
    key TEXT PRIMARY KEY,
    failures INTEGER NOT NULL,
    last_attempt_at INTEGER NOT NULL,
    forgotten_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
`;
