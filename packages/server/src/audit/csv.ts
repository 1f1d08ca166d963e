/** Tables as text (RFC 4180), for spreadsheets that take a cell for a formula by how it begins. */

/** What begins a formula in one of them, also behind what it passes over (ASVS 1.2.10). */
const formula = /^[=+\-@\t\r\n\0]/;

const needsQuotes = /[",\r\n]/;

export function csvLine(cells: readonly (string | undefined)[]): string {
  return `${cells.map((text = "") => cell(text)).join(",")}\r\n`;
}

/** Somebody else's browser chooses what it calls itself: no spreadsheet may run it (OWASP, CSV injection). */
function cell(text: string): string {
  const harmless = formula.test(text) ? `'${text}` : text;
  return needsQuotes.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
