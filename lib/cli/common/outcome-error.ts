import { CommandError } from './command-error.js';

/** What a command has done when it ends early: told whatever has ended it, and that behind it. */
export class OutcomeError extends CommandError {}
