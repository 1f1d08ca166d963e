/** Hands mails to the mail server. */
import { createTransport, type Transporter } from "nodemailer";
import type { Letter } from "./letter.ts";
import type { MailConfig } from "./mail-config.ts";
import type { Sender } from "./sender.ts";
import type { SmtpAddress } from "./smtp-address.ts";

export interface Envelope {
  /** The same at each attempt, so that of two copies the reader sees one. */
  readonly id: string;
  readonly to: string;
  /** Milliseconds since the epoch. */
  readonly date: number;
}

export class Smtp {
  readonly #transport: Transporter;
  readonly #from: Sender;

  constructor({ server, from }: MailConfig) {
    this.#transport = createTransport(options(server));
    this.#from = from;
  }

  /**
   * Returns when the mail server has taken the mail on.
   * @throws Error if it has not, or if nobody knows whether it has.
   */
  async send({ id, to, date }: Envelope, letter: Letter, signal: AbortSignal): Promise<void> {
    const domain = this.#from.address.slice(this.#from.address.lastIndexOf("@") + 1);
    await this.#transport.sendMail({
      ...letter,
      from: this.#from,
      to: { name: "", address: to },
      date: new Date(date),
      messageId: `<${id}@${domain}>`,
      // RFC 3834: nobody's holiday answers to it.
      headers: { "Auto-Submitted": "auto-generated" },
      signal,
    });
  }

  /**
   * Connects, signs in and leaves.
   * @throws Error with what the server said.
   */
  async check(): Promise<void> {
    await this.#transport.verify();
  }
}

/** Each wait is bounded: a mail server that hangs must not hold the outbox for long. */
const timeouts = {
  dnsTimeout: 10_000,
  connectionTimeout: 10_000,
  greetingTimeout: 10_000,
  socketTimeout: 20_000,
};

function options({ host, port, login, tls }: SmtpAddress) {
  return {
    ...timeouts,
    host,
    port,
    secure: tls === "implicit",
    requireTLS: tls === "starttls",
    // Who could pose as this machine to this machine needs no mail of ours.
    tls: { rejectUnauthorized: tls !== "loopback" },
    ...(login && { auth: { user: login.user, pass: login.password } }),
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}
