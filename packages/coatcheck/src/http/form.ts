/**
 * A text field of a form body, urlencoded or multipart; undefined if the body is no form or has no such field.
 * Reads a copy, so that the handler still has the body.
 */
export async function formField(request: Request, name: string): Promise<string | undefined> {
  if (!isForm(request.headers.get("content-type"))) return undefined;
  const form = await request
    .clone()
    .formData()
    .catch(() => undefined);
  const value = form?.get(name);
  return typeof value === "string" ? value : undefined;
}

function isForm(contentType: string | null): boolean {
  return /^\s*(application\/x-www-form-urlencoded|multipart\/form-data)\s*(;|$)/i.test(contentType ?? "");
}
