/** How mail is sent, read from the environment. */
import { AddressError } from "../store-address.ts";
import { defaultSender, parseSender, type Sender } from "./sender.ts";
import { parseSmtpAddress, type SmtpAddress } from "./smtp-address.ts";

export interface MailConfig {
  readonly server: SmtpAddress;
  readonly from: Sender;
}

/** Undefined if no mail is sent, or if something is wrong, which `complain` is told then. */
export function readMail(
  env: Readonly<Record<string, string | undefined>>,
  origin: string | undefined,
  complain: (problem: string) => void,
): MailConfig | undefined {
  const server = readServer(env.COATCHECK_SMTP_URL, complain);
  const given = env.COATCHECK_MAIL_FROM;
  const from = given === undefined ? defaultSender(origin) : parseSender(given);
  if (!from && (server || given !== undefined)) {
    complain(
      `COATCHECK_MAIL_FROM is ${given === undefined ? "not set" : "no address to send from"}. ` +
        "Set it to no-reply@example.com or Example <no-reply@example.com>.",
    );
  }
  return server && from && { server, from };
}

function readServer(text: string | undefined, complain: (problem: string) => void): SmtpAddress | undefined {
  if (text === undefined) return undefined;
  try {
    return parseSmtpAddress(text);
  } catch (error) {
    if (!(error instanceof AddressError)) throw error;
    complain(`COATCHECK_SMTP_URL: ${error.message}.`);
    return undefined;
  }
}
