/** Markup that is escaped by construction: what is put into a template is text, unless it came from a template. */
import { html } from "hono/html";

export { html };

export type Html = ReturnType<typeof html>;
