/** Where a new password is chosen. */
import { longestPassword, shortestPassword } from "../accounts/password-rules.ts";
import type { Words } from "../words/words.ts";
import { type FormError, field } from "./form.ts";
import type { Html } from "./html.ts";

export function newPasswordField(words: Words, name: string, errors: readonly FormError[]): Html {
  const { next: label, hint } = words.password;
  const spec = { name, label, hint: hint(shortestPassword, longestPassword) };
  return field(words, { ...spec, type: "password", autocomplete: "new-password" }, errors);
}
