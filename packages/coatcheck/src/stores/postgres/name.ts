/** How names and texts stand in statements. */

/** What stands before the name of a table. */
export function prefix(schema: string | undefined): string {
  return schema === undefined ? "" : `${quoted(schema)}.`;
}

/**
 * As the name of a schema.
 * @throws TypeError if PostgreSQL could not keep it as a name, or would cut it.
 */
export function quoted(name: string): string {
  if (name === "" || name.includes("\0") || Buffer.byteLength(name) > 63) {
    throw new TypeError("schema must be a name of 1 to 63 bytes");
  }
  return `"${name.replaceAll('"', '""')}"`;
}

/** As a text within a statement. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
