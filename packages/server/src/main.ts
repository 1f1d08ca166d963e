#!/usr/bin/env node
/** `coatcheck-server`: reads the configuration, starts, says where it is, and stops when it is told to. */
import { resolve } from "node:path";
import { type Config, ConfigError, readConfig } from "./config.ts";
import { DatabaseOpenError } from "./database.ts";
import { createLogger } from "./request-log.ts";
import { type RunningServer, startServer } from "./server.ts";
import { StorageError } from "./storage/storage-error.ts";
import { type StoreAddress, sameAddress, shownAddress } from "./store-address.ts";

const logger = createLogger();

// A promise that nobody waited for must not end everybody's requests. After an exception that nobody caught, though,
// nothing is known about the state of the process.
process.on("unhandledRejection", (err) => logger.error({ event: "unhandled-rejection", err }));
process.on("uncaughtException", (err) => {
  logger.fatal({ event: "uncaught-exception", err });
  process.exit(1);
});

await main();

async function main(): Promise<void> {
  try {
    const config = readConfig(process.env);
    const server = await startServer(config, { logger });
    introduce(config, server);
    stopOnSignal(server);
  } catch (error) {
    console.error(explanation(error));
    process.exitCode = 1;
  }
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
      `  Address   ${origin}`,
      `  API       ${origin}/docs`,
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

function duration(milliseconds: number): string {
  const minutes = milliseconds / 60_000;
  return minutes % 60 === 0 ? `${minutes / 60} hours` : `${minutes} minutes`;
}

function stopOnSignal(server: RunningServer): void {
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

/** One clear message for what people can mend; the whole error for what only we can. */
function explanation(error: unknown): string {
  if (error instanceof ConfigError) {
    return [`${error.message}:`, ...error.problems.map((problem) => `  - ${problem}`)].join("\n");
  }
  if (error instanceof DatabaseOpenError || error instanceof StorageError) return error.message;
  const { code, port, address } = error as NodeJS.ErrnoException & { port?: number; address?: string };
  switch (code) {
    case "EADDRINUSE":
      return `Port ${port} is in use. Stop what listens there, or set PORT to another.`;
    case "EACCES":
      if (port) return `Listening on port ${port} is not allowed. Set PORT to 1024 or more.`;
      break;
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return `HOST is ${address ?? "a name"} that is no address of this machine. Set HOST to one that is, or leave it unset.`;
  }
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
