/** The mail server, as one setting says it: `smtp://user:password@host:587` or `smtps://user:password@host:465`. */
import { isLoopback } from "../loopback.ts";
import { AddressError } from "../store-address.ts";

export interface SmtpAddress {
  readonly host: string;
  readonly port: number;
  readonly login: SmtpLogin | undefined;
  /**
   * `implicit`: encrypted from the first byte. `starttls`: encrypted before anything is said, or nothing is said.
   * `loopback`: encrypted if the server offers it; nobody else hears what this machine tells itself.
   */
  readonly tls: "implicit" | "starttls" | "loopback";
}

export interface SmtpLogin {
  readonly user: string;
  readonly password: string;
}

const pattern = "smtp://user:password@host:587 or smtps://user:password@host:465";

/** @throws AddressError, whose message goes on a sentence, and never repeats a password. */
export function parseSmtpAddress(text: string): SmtpAddress {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^smtps?:\/\//i.test(text) || url.hostname === "") {
    throw new AddressError(`it is not of the form ${pattern}`);
  }
  if ((url.pathname !== "" && url.pathname !== "/") || url.search || url.hash) {
    throw new AddressError(
      `it has more than ${pattern}. Characters of the password other than letters and digits are written as %XX`,
    );
  }
  const isImplicit = url.protocol === "smtps:";
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  return {
    host,
    port: Number(url.port) || (isImplicit ? 465 : 587),
    login: loginOf(url),
    tls: isImplicit ? "implicit" : isLoopback(host) ? "loopback" : "starttls",
  };
}

/** As people are shown it: without user and password. */
export function shownSmtpAddress({ host, port, tls }: SmtpAddress): string {
  const name = host.includes(":") ? `[${host}]` : host;
  return `${tls === "implicit" ? "smtps" : "smtp"}://${name}:${port}`;
}

function loginOf({ username, password }: URL): SmtpLogin | undefined {
  if (username === "" && password === "") return undefined;
  if (username === "" || password === "") {
    throw new AddressError("it names only one of user and password");
  }
  try {
    return { user: decodeURIComponent(username), password: decodeURIComponent(password) };
  } catch {
    throw new AddressError("its user or password has a % that begins no %XX");
  }
}
