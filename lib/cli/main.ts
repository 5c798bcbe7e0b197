#!/usr/bin/env node
import { processIo } from './common/cli-io.js';
import { runCli } from './run-cli.js';

// Not process.exit: what is still to be written to a pipe would be lost.
process.exitCode = await runCli(process.argv.slice(2), processIo());
