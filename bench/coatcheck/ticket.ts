import { SessionToken } from "coatcheck";

/** What bare routes get with each request: as many bytes as a guarded route, and nobody reads them. */
export function ticketOfNobody(userId: string): string {
  return `__Host-session=${SessionToken.generate(userId).reveal()}; Path=/; Secure; HttpOnly; SameSite=Lax`;
}
