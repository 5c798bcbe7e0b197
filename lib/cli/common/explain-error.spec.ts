import { describe, expect, it } from '@jest/globals';
import { CommanderError } from 'commander';
import { ConfigError, KafkaTimeoutError } from '../../producer/errors.js';
import { BrokerResponseError } from '../../wire/broker-response-error.js';
import { BrokerUnavailableError, KafkaAuthenticationError } from '../../wire/connection-errors.js';
import { CommandError } from './command-error.js';
import { explainError } from './explain-error.js';
import { OutcomeError } from './outcome-error.js';
import { UsageError } from './usage-error.js';

describe('the exit code', () => {
  it.each([
    [new UsageError('x'), 2],
    [new ConfigError('x', 'acks', 'y', 'V1'), 2],
    [new CommanderError(1, 'commander.unknownOption', "error: unknown option '--x'"), 2],
    [new CommandError('x'), 1],
    [new Error('x'), 1],
    ['text', 1],
  ])('of %s is %i', (error, exitCode) => {
    expect(explainError(error).exitCode).toBe(exitCode);
  });
});

describe('the line', () => {
  it('says where no broker answers and why, whatever is around the cause', () => {
    const cause = new BrokerUnavailableError('No Kafka broker ... connect ECONNREFUSED 127.0.0.1:1');
    const { message } = explainError(new KafkaTimeoutError('not started', { cause }), { address: '127.0.0.1:1' });
    expect(message).toBe(
      'No Kafka broker answers at 127.0.0.1:1 (ECONNREFUSED). Check --bootstrap-server, and security.protocol if the listener wants TLS; to start a broker here: nest-kafka broker up',
    );
  });

  it.each([
    [29, 'Produce', "User:eve may not Write on topic 'orders'", '--operation Write --topic orders'],
    [29, 'Fetch', "User:eve may not Read on topic 'orders'", '--operation Read --topic orders'],
    [30, 'OffsetFetch', "User:eve may not Describe on group 'billing'", '--operation Describe --group billing'],
    [
      53,
      'InitProducerId',
      "User:eve may not Write on transactional-id 'tx'",
      '--operation Write --transactional-id tx',
    ],
    [31, 'CreateTopics', 'User:eve may not Create on the cluster', '--operation Create --cluster'],
  ])('names the ACL that is missing (code %i of %s)', (code, api, what, how) => {
    const refusal = new BrokerResponseError(code, { api, ...(code === 29 ? { topic: 'orders' } : {}) });
    const error = new CommandError('2 records failed', { cause: new AggregateError([new Error('x'), refusal]) });
    const { message } = explainError(error, { user: 'eve', group: 'billing', transactionalId: 'tx' });
    expect(message).toContain(what);
    expect(message).toContain(`--allow-principal User:eve ${how}`);
  });

  it('says which properties are about the login', () => {
    const { message } = explainError(new KafkaAuthenticationError('The broker refused the SASL login.'));
    expect(message).toContain('sasl.jaas.config');
  });

  it('tells what was done besides what has ended it', () => {
    const cause = new KafkaTimeoutError('late', { cause: new BrokerUnavailableError('no broker') });
    const { message } = explainError(new OutcomeError('812 records were sent back.', { cause }), { address: 'a:1' });
    expect(message).toMatch(/^812 records were sent back\. No Kafka broker answers at a:1/);
    expect(explainError(new OutcomeError('812 records were sent back.')).message).toBe('812 records were sent back.');
  });

  it('is one line', () => {
    const error = new CommanderError(
      1,
      'commander.unknownOption',
      "error: unknown option '--topc'\n(Did you mean --topic?)",
    );
    expect(explainError(error).message).toBe("unknown option '--topc' (Did you mean --topic?) See --help.");
    expect(explainError(new Error('first\n  second\n')).message).toBe('first second');
  });
});
