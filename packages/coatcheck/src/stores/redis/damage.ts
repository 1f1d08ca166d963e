/** What is said of a record that cannot be read back. */

/** The error names the part and never what stands in it. */
export function damaged(part: string): Error {
  return new Error(`A session in Redis is damaged: its ${part} cannot be read`);
}

/** The error of JSON.parse would quote what it could not read. */
export function json(text: unknown, part: string): unknown {
  try {
    return JSON.parse(text as string);
  } catch {
    throw damaged(part);
  }
}
