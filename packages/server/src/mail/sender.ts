/** Who our mails are from: `no-reply@example.com`, or `Example <no-reply@example.com>`. */
import { emailFault, tidyEmail } from "../accounts/email.ts";

export interface Sender {
  readonly name: string;
  readonly address: string;
}

const defaultName = "Coatcheck";
const named = /^([^<>]*)<([^<>]*)>$/;

/** Undefined if it is no sender: a line break, most of all, would begin a header of its own. */
export function parseSender(text: string): Sender | undefined {
  const [, name = "", address = text] = named.exec(text.trim()) ?? [];
  if (emailFault(address) || /\p{C}/u.test(name)) return undefined;
  return { name: name.replaceAll('"', "").trim() || defaultName, address: tidyEmail(address) };
}

/** For a public origin; undefined if its host is an address of the network, from which nobody takes mail. */
export function defaultSender(origin: string | undefined): Sender | undefined {
  const { hostname } = new URL(origin ?? "http://localhost");
  const isNumber = /^\[|^[\d.]+$/.test(hostname);
  return isNumber ? undefined : { name: defaultName, address: `no-reply@${hostname}` };
}
