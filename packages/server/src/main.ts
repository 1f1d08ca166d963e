#!/usr/bin/env node
/** `coatcheck-server`: does what it is told, and serves when it is told nothing. */
import { runCommandLine } from "./cli/command-line.ts";

process.exitCode = await runCommandLine(process.argv.slice(2));
