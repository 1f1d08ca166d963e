/** One's own account, for programs: how its user wants to be written to. */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { type PublicUser, publicUser, type User } from "../accounts/user.ts";
import type { AppEnv, House } from "../env.ts";
import type { MailStore } from "../mail/mail-store.ts";
import { type Language, languages } from "../words/language.ts";
import { signedInOnly } from "./api-guard.ts";
import { json, jsonBody, problems } from "./responses.ts";
import { csrfHeader, userSchema } from "./schemas.ts";

const tags = ["Account"];

const language = z.enum(languages).openapi({ description: "The language of mails." });
const newDeviceMail = z.boolean().openapi({
  description: "Whether sign-ins on new devices are told by mail. Theft and a changed password always are.",
});

interface AccountJson {
  user: PublicUser;
  language: Language;
  newDeviceMail: boolean;
}

const accountSchema: z.ZodType<AccountJson> = z
  .strictObject({ user: userSchema, language, newDeviceMail })
  .openapi("OwnAccount");

export function accountApi(api: OpenAPIHono<AppEnv>, house: House): void {
  const guarded = signedInOnly(house);
  const { mail } = house;

  const read = createRoute({
    method: "get",
    path: "/api/account",
    tags,
    operationId: "getAccount",
    summary: "See the account",
    ...guarded,
    responses: { 200: json("The account.", accountSchema), ...problems(401, 429, 503) },
  });
  api.openapi(read, async (c) => c.json(await accountJson(mail, c.var.identity.user), 200));

  const change = createRoute({
    method: "patch",
    path: "/api/account",
    tags,
    operationId: "changeAccount",
    summary: "Change the account",
    description: "Changes what is named, and leaves the rest.",
    ...guarded,
    request: {
      headers: csrfHeader,
      body: jsonBody(
        z.strictObject({ language: language.optional(), newDeviceMail: newDeviceMail.optional() }),
      ),
    },
    responses: {
      200: json("The account as it is now.", accountSchema),
      ...problems(400, 401, 403, 413, 415, 422, 429, 503),
    },
  });
  api.openapi(change, async (c) => {
    const { user } = c.var.identity;
    const wanted = c.req.valid("json");
    await mail.setPreferences(user.id, {
      ...(wanted.language && { language: wanted.language }),
      ...(wanted.newDeviceMail !== undefined && { newDevice: wanted.newDeviceMail }),
    });
    return c.json(await accountJson(mail, user), 200);
  });
}

async function accountJson(mail: MailStore, user: User): Promise<AccountJson> {
  const { language = "en", newDevice } = await mail.preferences(user.id);
  return { user: publicUser(user), language, newDeviceMail: newDevice };
}
