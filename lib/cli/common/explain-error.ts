import { CommanderError } from 'commander';
import { ConfigError } from '../../producer/errors.js';
import { BrokerUnavailableError, KafkaAuthenticationError } from '../../wire/connection-errors.js';
import { messageOf } from '../../wire/message-of.js';
import { ExitCode } from './exit-code.js';
import { describeRefusal, isRefusal, type RefusedNames } from './missing-rights.js';
import { OutcomeError } from './outcome-error.js';
import { UsageError } from './usage-error.js';

/** What is known of a command when it fails. */
export interface FailureContext extends RefusedNames {
  /** `host:port,...` of the brokers to begin with. */
  readonly address?: string | undefined;
}

/** What the user sees of an error. */
export interface Explanation {
  /** One line. */
  readonly message: string;
  readonly exitCode: number;
}

/** One line that says what happened and what to do, and the exit code. */
export function explainError(error: unknown, context: FailureContext = {}): Explanation {
  const isUsage = error instanceof UsageError || error instanceof ConfigError || error instanceof CommanderError;
  return { message: oneLine(messageFor(error, context)), exitCode: isUsage ? ExitCode.USAGE : ExitCode.FAILED };
}

function messageFor(error: unknown, context: FailureContext): string {
  const cause = causeFor(error, context);
  const message = messageOf(error);
  if (cause === null) return message;
  return error instanceof OutcomeError ? `${message} ${cause}` : cause;
}

/** What to do about what is behind the error; null when it speaks for itself. */
function causeFor(error: unknown, context: FailureContext): string | null {
  const refusal = causes(error).find(isRefusal);
  if (refusal !== undefined) return describeRefusal(refusal, context);
  const login = causes(error).find((cause) => cause instanceof KafkaAuthenticationError);
  if (login !== undefined) {
    return `${login.message} In a properties file these are security.protocol, sasl.mechanism, sasl.jaas.config and ssl.*.`;
  }
  if (causes(error).some((cause) => cause instanceof BrokerUnavailableError)) return unreachable(error, context);
  if (error instanceof CommanderError) return `${error.message.replace(/^error: /, '')} See --help.`;
  return null;
}

/** Why each address could not be reached is what the socket said, not a sentence of ours. */
function unreachable(error: unknown, { address = 'the given address' }: FailureContext): string {
  const reason = /\bE[A-Z]{5,}\b|\btime(?:d )?out\b/.exec(causes(error).map(String).join(' '))?.[0];
  const why = reason === undefined ? '' : ` (${reason})`;
  return (
    `No Kafka broker answers at ${address}${why}. Check --bootstrap-server, and security.protocol if the listener wants TLS; ` +
    'to start a broker here: nest-kafka broker up'
  );
}

/** The error, what caused it, and so on. */
function causes(error: unknown): Error[] {
  const found: Error[] = [];
  for (let next = error; next instanceof Error && !found.includes(next); next = next.cause) {
    found.push(next);
    if (next instanceof AggregateError) found.push(...next.errors.filter((inner) => inner instanceof Error));
  }
  return found;
}

function oneLine(message: string): string {
  return message.replaceAll(/\s*\n\s*/g, ' ').trim();
}
