/** The forms of our pages, as a browser finds them. */
import type { Visitor } from "./visitor.ts";

/** The fields of forms by where they are sent to. */
export type Forms = ReadonlyMap<string, Readonly<Record<string, string>>>;

/** The forms that change something, with what their fields hold, of this page and of all to which it leads. */
export async function formsOf(visitor: Visitor, start: string): Promise<Forms> {
  const forms = new Map<string, Record<string, string>>();
  const pages = new Set([start]);
  for (const page of pages) {
    const { text } = await visitor.get(page);
    for (const [, path] of text.matchAll(/<a [^>]*href="(\/[\w/-]*(?:\?session=[^"]*)?)"/g)) pages.add(path!);
    for (const [, action, body] of text.matchAll(
      /<form[^>]*method="post"[^>]*action="([^"]*)"[^>]*>(.*?)<\/form>/gs,
    )) {
      const fields = body!.matchAll(/<input[^>]*name="([^"]+)"[^>]*value="([^"]*)"/g);
      forms.set(action!, Object.fromEntries(Array.from(fields, ([, name, value]) => [name!, value!])));
    }
  }
  return forms;
}
