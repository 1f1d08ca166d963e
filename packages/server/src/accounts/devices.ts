/** The devices a user is signed in on: seeing them and ending them. */
import { type Devices, parseSessionId, type RequestAuth } from "coatcheck";
import type { Identity } from "./identify.ts";
import { signOut } from "./sign-in.ts";

/** The user's sessions, this one first, and the browsers that may come back without a password. */
export async function listDevices(auth: RequestAuth, { user, session }: Identity): Promise<Devices> {
  const { sessions, dormant } = await auth.sessions.devices(user.id);
  const thisFirst = sessions.toSorted((a, b) => Number(b.id === session.id) - Number(a.id === session.id));
  return { sessions: thisFirst, dormant };
}

/** Ends one of the user's sessions or forgets a browser; false if they have none of that id, whoever else may. */
export async function endDevice(
  auth: RequestAuth,
  { user, session }: Identity,
  id: string,
): Promise<boolean> {
  const sessionId = parseSessionId(id);
  if (!sessionId) return false;
  if (sessionId !== session.id) return auth.sessions.revoke(sessionId, { userId: user.id });
  await signOut(auth);
  return true;
}

/** Ends all sessions of the user but this one; returns how many. */
export function endOtherDevices(auth: RequestAuth, { user, session }: Identity): Promise<number> {
  return auth.sessions.revokeAll(user.id, { except: session.id });
}

/** Ends all sessions of the user in one step, this one too; returns how many. */
export async function endAllDevices(auth: RequestAuth, { user }: Identity): Promise<number> {
  const ended = await auth.sessions.revokeAll(user.id);
  await signOut(auth);
  return ended;
}
