/** Everything that an operator's command finds, from outside as from inside. */
import { existsSync } from "node:fs";
import { doctor, type Finding, KeyRing } from "coatcheck";
import { z } from "zod";
import type { Config } from "../config.ts";
import { inUse } from "../keys/dated-key.ts";
import { readKeyFile } from "../keys/key-file.ts";
import { Smtp } from "../mail/smtp.ts";
import { openSessions } from "../storage/storage.ts";
import { reasonOf } from "../storage/storage-error.ts";
import { doctorPath } from "./doctor-route.ts";
import { operatorPass } from "./pass.ts";

export interface Examined {
  /** The server that answered; undefined if none did. */
  readonly server: string | undefined;
  readonly findings: readonly Finding[];
}

/** Longer than any answer takes, in milliseconds. */
const patience = 15_000;

/**
 * Asks the server at its public address, so that the proxies in between show; where none answers, looks at the sessions
 * itself.
 */
export async function examineServer(config: Config): Promise<Examined> {
  const origin = config.origin ?? `http://localhost:${config.port}`;
  const keys = keysOf(config);
  const [mail, asked] = await Promise.all([examineMail(config), ask(origin, keys)]);
  if (Array.isArray(asked)) return { server: origin, findings: [...asked, ...mail] };
  const sessions = await examineSessions(config, origin, keys);
  return { server: undefined, findings: [...sessions, asked, ...mail] };
}

/** Undefined before the first start has made them. */
function keysOf({ keys: source }: Config): KeyRing | undefined {
  if (source?.kind === "given") return new KeyRing(source.keys);
  const keys = source && readKeyFile(source.file);
  return keys && new KeyRing(inUse(keys, Date.now()));
}

const answerSchema = z.object({
  findings: z.array(
    z.object({
      code: z.string(),
      severity: z.enum(["error", "warning", "note"]),
      what: z.string(),
      why: z.string(),
      fix: z.string(),
    }),
  ),
});

/** What the running server found, or that none answered. */
async function ask(origin: string, keys: KeyRing | undefined): Promise<Finding[] | Finding> {
  if (!keys) return notAsked(origin, "it has no keys yet, so it was never started");
  const headers = { authorization: operatorPass(keys, Date.now()) };
  let response: Response;
  try {
    const signal = AbortSignal.timeout(patience);
    response = await fetch(`${origin}${doctorPath}`, { headers, signal, redirect: "manual" });
  } catch (error) {
    return notAsked(origin, reasonOf((error as Error).cause ?? error));
  }
  const answer = answerSchema.safeParse(await response.json().catch(() => undefined));
  return answer.success ? answer.data.findings : notOurs(origin, response.status);
}

function notAsked(origin: string, reason: string): Finding {
  return {
    code: "server-unreachable",
    severity: "warning",
    what: `The server does not answer at ${origin}: ${reason}.`,
    why: "How requests arrive there, and what its proxies add and hide, could not be seen.",
    fix: "Run the doctor while the server runs, where its public address can be reached; or correct COATCHECK_ORIGIN.",
  };
}

function notOurs(origin: string, status: number): Finding {
  return {
    code: "other-server",
    severity: "error",
    what: `What answers at ${origin} (with ${status}) is not this server, or has other keys.`,
    why: "People who go there cannot sign in here; servers with other keys take each other's cookies for forged.",
    fix: "Correct COATCHECK_ORIGIN, give all servers the same COATCHECK_SECRET, and have the proxy pass on Authorization.",
  };
}

async function examineSessions(
  config: Config,
  origin: string,
  keys: KeyRing | undefined,
): Promise<readonly Finding[]> {
  const { trustedProxies, sessions: address } = config;
  if (address.kind === "sqlite" && !existsSync(address.file)) return [];
  try {
    await using sessions = await openSessions(config);
    return await doctor({ store: sessions.store, auth: { origin, trustedProxies, ...(keys && { keys }) } });
  } catch (error) {
    return [
      {
        code: "store-unavailable",
        severity: "error",
        what: reasonOf(error),
        why: "Without it nobody can sign in, and everybody who is signed in gets 503.",
        fix: "Start it, and see that this machine may reach it under the configured address.",
      },
    ];
  }
}

async function examineMail({ mail }: Config): Promise<Finding[]> {
  if (!mail) return [mailOff];
  try {
    await new Smtp(mail).check();
    return [];
  } catch (error) {
    return [
      {
        code: "mail-unavailable",
        severity: "error",
        what: `The mail server does not take us in: ${reasonOf(error)}.`,
        why: "Nobody gets a link to set a new password, and nobody is told of a new device or a theft. What is written waits in the outbox.",
        fix: "Check COATCHECK_SMTP_URL: host, port, user and password, and that the server offers STARTTLS.",
      },
    ];
  }
}

const mailOff: Finding = {
  code: "mail-off",
  severity: "note",
  what: "COATCHECK_SMTP_URL is not set.",
  why: "People who forget their password need an administrator, and nobody is told of a new device or a theft.",
  fix: "Set it to smtp://user:password@host:587.",
};
