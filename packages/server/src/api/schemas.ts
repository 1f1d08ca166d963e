/** The shapes that several routes of the API share. */
import { z } from "@hono/zod-openapi";
import type { ClientInfo, DormantBrowser, ListedSession, Session } from "coatcheck";
import { type PublicUser, publicUser, type User } from "../accounts/user.ts";
import { deviceName } from "../device-name.ts";

export interface SessionJson {
  id: string;
  current: boolean;
  device: string;
  ip?: string | undefined;
  userAgent?: string | undefined;
  amr: string[];
  createdAt: string;
  authenticatedAt: string;
  lastSeenAt: string;
  expiresAt: string;
  rememberedUntil?: string | undefined;
}

/** A browser without a session that may come back without a password. */
export interface DormantJson {
  id: string;
  device: string;
  ip?: string | undefined;
  userAgent?: string | undefined;
  createdAt: string;
  lastUsedAt: string;
  rememberedUntil: string;
}

const time = z.iso.datetime();

/** What is told of a session. */
const sessionShape = {
  id: z.string().openapi({
    description: "The public name of the session. It opens nothing.",
    example: "q0bJ2bX3mUq0vT1lWzV7kAe4s",
  }),
  current: z.boolean().openapi({ description: "Whether this request was sent under it." }),
  device: z.string().openapi({ example: "Firefox on Windows" }),
  ip: z.string().optional().openapi({ example: "203.0.113.7" }),
  userAgent: z.string().optional(),
  amr: z.array(z.string()).openapi({ description: "How the user signed in (RFC 8176).", example: ["pwd"] }),
  createdAt: time,
  authenticatedAt: time.openapi({ description: "When the user last proved who they are." }),
  lastSeenAt: time.openapi({ description: "Accurate to a minute." }),
  expiresAt: time.openapi({ description: "When it ends if it is not used again." }),
  rememberedUntil: time.optional().openapi({
    description: "In lists: until when its browser may come back without a password, if it is remembered.",
  }),
} satisfies z.ZodRawShape;

export const sessionSchema: z.ZodType<SessionJson> = z.strictObject(sessionShape).openapi("Session");

/** A session of anybody, as administrators find it. */
export interface FoundSessionJson extends SessionJson {
  user: { id: string; email?: string | undefined };
}

export const foundSessionSchema: z.ZodType<FoundSessionJson> = z
  .strictObject({
    ...sessionShape,
    user: z.strictObject({
      id: z.string(),
      email: z.string().optional().openapi({ description: "Missing if there is no such user any more." }),
    }),
  })
  .openapi("FoundSession");

export const dormantSchema: z.ZodType<DormantJson> = z
  .strictObject({
    id: z.string().openapi({
      description: "The session that it had last. End it by this id, and the browser is forgotten.",
      example: "q0bJ2bX3mUq0vT1lWzV7kAe4s",
    }),
    device: z.string().openapi({ example: "Firefox on Windows" }),
    ip: z.string().optional().openapi({ example: "203.0.113.7" }),
    userAgent: z.string().optional(),
    createdAt: time.openapi({ description: "When the user signed in there." }),
    lastUsedAt: time.openapi({ description: "When it last came back." }),
    rememberedUntil: time,
  })
  .openapi("DormantBrowser");

export const userSchema: z.ZodType<PublicUser> = z
  .strictObject({
    id: z.string(),
    email: z.string().openapi({ example: "ada@example.com" }),
    roles: z.array(z.string()).openapi({ example: ["user"] }),
  })
  .openapi("User");

export interface AccountJson extends PublicUser {
  disabled: boolean;
  createdAt: string;
}

/** A user as administrators see them. */
export const accountSchema: z.ZodType<AccountJson> = z
  .strictObject({
    id: z.string(),
    email: z.string().openapi({ example: "ada@example.com" }),
    roles: z.array(z.string()).openapi({ example: ["user"] }),
    disabled: z.boolean().openapi({ description: "Whether the user is shut out." }),
    createdAt: time,
  })
  .openapi("Account");

export interface ProblemJson {
  type: string;
  title: string;
  status: number;
  detail?: string | undefined;
  reason?: string | undefined;
  retryAfter?: number | undefined;
  errors?: { field: string; message: string }[] | undefined;
  requestId?: string | undefined;
}

export const problemSchema: z.ZodType<ProblemJson> = z
  .object({
    type: z.string().openapi({ example: "urn:coatcheck:problem:not-signed-in" }),
    title: z.string(),
    status: z.int(),
    detail: z.string().optional(),
    reason: z.string().optional().openapi({ description: "Why the session ended." }),
    retryAfter: z.int().optional().openapi({ description: "When to try again, in seconds." }),
    errors: z.array(z.object({ field: z.string(), message: z.string() })).optional(),
    requestId: z.string().optional().openapi({ description: "Names the request in the server's log." }),
  })
  .openapi("Problem");

/** Documents the header. What checks it is the guard, by the rules of the library. */
export const csrfHeader: z.ZodObject<{ "x-csrf-token": z.ZodOptional<z.ZodString> }> = z.object({
  "x-csrf-token": z.string().optional().openapi({
    description: "A token from `GET /api/csrf`. Demanded of signed-in sessions.",
  }),
});

export interface MessageJson {
  message: string;
}

/** A sentence for people; programs go by the status. */
export function messageSchema(example: string): z.ZodType<MessageJson> {
  return z.strictObject({ message: z.string().openapi({ example }) });
}

export function accountJson(user: User): AccountJson {
  const { disabled, createdAt } = user;
  return { ...publicUser(user), disabled, createdAt: new Date(createdAt).toISOString() };
}

/** A session as the API shows it: never its token, never a hash. */
export function sessionJson(
  session: ListedSession & Pick<Session, "rememberedUntil">,
  current: boolean,
): SessionJson {
  const { rememberedUntil } = session;
  return {
    id: session.id,
    current,
    ...clientJson(session.client),
    amr: [...session.amr],
    createdAt: iso(session.createdAt),
    authenticatedAt: iso(session.authenticatedAt),
    lastSeenAt: iso(session.lastSeenAt),
    expiresAt: iso(session.expiresAt),
    ...(rememberedUntil !== undefined && { rememberedUntil: iso(rememberedUntil) }),
  };
}

export function dormantJson({
  id,
  client,
  createdAt,
  lastUsedAt,
  rememberedUntil,
}: DormantBrowser): DormantJson {
  return {
    id,
    ...clientJson(client),
    createdAt: iso(createdAt),
    lastUsedAt: iso(lastUsedAt),
    rememberedUntil: iso(rememberedUntil),
  };
}

function clientJson({ ip, userAgent }: ClientInfo): Pick<SessionJson, "device" | "ip" | "userAgent"> {
  return { device: deviceName(userAgent), ...(ip && { ip }), ...(userAgent && { userAgent }) };
}

function iso(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
