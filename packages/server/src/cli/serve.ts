/** Serving: the command that needs not be said. */
import { resolve } from "node:path";
import type { Logger } from "pino";
import { type Config, readConfig } from "../config.ts";
import type { MailConfig } from "../mail/mail-config.ts";
import { shownSmtpAddress } from "../mail/smtp-address.ts";
import type { RunningServer } from "../server.ts";
import { type StoreAddress, sameAddress, shownAddress } from "../store-address.ts";
import type { Command } from "./command.ts";

export const serve: Command = {
  name: "serve",
  summary: "Start the server; the same as no command at all",
  async run() {
    const config = readConfig(process.env);
    // What only the server needs is not loaded by the other commands.
    const { createLogger } = await import("../request-log.ts");
    const { startServer } = await import("../server.ts");
    const logger = createLogger();
    logCrashes(logger);
    const server = await startServer(config, { logger });
    introduce(config, server);
    stopOnSignal(server, logger);
  },
};

/**
 * A promise that nobody waited for must not end everybody's requests. After an exception that nobody caught, though,
 * nothing is known about the state of the process.
 */
function logCrashes(logger: Logger): void {
  process.on("unhandledRejection", (err) => logger.error({ event: "unhandled-rejection", err }));
  process.on("uncaughtException", (err) => {
    logger.fatal({ event: "uncaught-exception", err });
    process.exit(1);
  });
}

function introduce(config: Config, { origin, sessions, setupLink }: RunningServer): void {
  const { idleTimeout, absoluteTimeout } = sessions.policy;
  console.log(
    [
      "",
      "  Coatcheck",
      "",
      `  Database  ${shownPlace(config.database)}`,
      `  Sessions  ${sessionPlace(config)}; they end after ${duration(idleTimeout)} without use, after ${duration(absoluteTimeout)} at the latest`,
      `  Keys      ${config.keys?.kind === "file" ? resolve(config.keys.file) : "given by COATCHECK_SECRET"}`,
      `  Address   ${origin}`,
      `  API       ${origin}/docs`,
      ...(config.mail ? [`  Mail      ${mailPlace(config.mail)}`] : []),
      ...config.notices.map((notice) => `  Note      ${notice}`),
      "",
      ...(setupLink
        ? [
            "  Nobody has an account yet. Create the first administrator (valid for 24 hours, once):",
            "",
            `  ${setupLink}`,
            "",
          ]
        : []),
    ].join("\n"),
  );
}

function shownPlace(address: StoreAddress): string {
  return address.kind === "sqlite" ? resolve(address.file) : shownAddress(address);
}

function sessionPlace({ database, sessions }: Config): string {
  if (sessions.kind === "memory") return "in memory (they end with this process)";
  return sameAddress(database, sessions) ? "in the same database" : `in ${shownPlace(sessions)}`;
}

function mailPlace({ server, from }: MailConfig): string {
  return `by ${shownSmtpAddress(server)}, from ${from.address}`;
}

function duration(milliseconds: number): string {
  const minutes = milliseconds / 60_000;
  return minutes % 60 === 0 ? `${minutes / 60} hours` : `${minutes} minutes`;
}

function stopOnSignal(server: RunningServer, logger: Logger): void {
  const failed = (err: unknown) => {
    logger.error({ event: "stop-failed", err });
    return 1;
  };
  const stop = async () => {
    const code = await server.stop().then(() => 0, failed);
    // Whatever still holds the event loop (a log that nobody reads) must not keep a stopped server alive.
    process.exit(code);
  };
  process.once("SIGTERM", stop).once("SIGINT", stop);
  if (process.env.npm_lifecycle_event) whenOrphaned(stop);
}

/**
 * npm runs scripts in a shell, and some shells (dash, which is Debian's) die of a signal without passing it on. The
 * server would live on, holding its port, with nobody who knows of it.
 */
function whenOrphaned(stop: () => void): void {
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    stop();
  }, 250).unref();
}
