import { jest } from '@jest/globals';
import { RecordingLog } from '../../../../test/support/recording-log.js';
import { KafkaTimeoutError } from '../../errors.js';
import { PartitionQueue } from '../partition-queue.js';
import { SequenceManager } from '../sequence-manager.js';
import { testConfig } from '../spec-support/producer-test-config.js';
import { SimulatedTransactionCoordinator } from './spec-support/simulated-transaction-coordinator.js';
import { TransactionManager } from './transaction-manager.js';
import type { TransactionProtocol } from './transaction-requests.js';

const TIMEOUT_MS = 60_000;

/** A producer with a transaction open at its coordinator. */
async function withOpenTransaction(
  protocol: TransactionProtocol,
): Promise<{ readonly coordinator: SimulatedTransactionCoordinator; readonly manager: TransactionManager }> {
  const coordinator = new SimulatedTransactionCoordinator(protocol);
  const manager = new TransactionManager({
    config: { ...testConfig({ transactionTimeoutMs: TIMEOUT_MS }), transactionalId: 'id' },
    log: new RecordingLog(),
    requests: coordinator.requests,
    sequences: new SequenceManager(5, undefined, true),
    batches: {
      flush: () => Promise.resolve(),
      dropUnsent: () => undefined,
      settled: () => Promise.resolve(),
      dropAll: () => undefined,
      wake: () => undefined,
    },
  });
  await manager.initialize();
  manager.begin();
  manager.partitionNeeded(new PartitionQueue('topic', 0));
  await jest.advanceTimersByTimeAsync(1);
  if (coordinator.state !== 'Ongoing') coordinator.begin();
  manager.batchStored(1);
  return { coordinator, manager };
}

/** The name of the error that a call fails with; null when it succeeds. */
function errorOf(call: Promise<unknown>): Promise<string | null> {
  return call.then(
    () => null,
    (error: unknown) => (error instanceof Error ? error.name : String(error)),
  );
}

describe.each([1, 2] as const)(
  'a transactional producer that another one has replaced, with protocol %i',
  (protocol) => {
    beforeEach(() => {
      jest.useFakeTimers();
    });
    afterEach(() => {
      jest.useRealTimers();
    });

    it.each(['CompleteAbort', 'CompleteCommit'] as const)(
      'does not take the id back after a confirmed abort that has spent its epoch: %s',
      async (state) => {
        const { coordinator, manager } = await withOpenTransaction(protocol);
        manager.recordFailed(new Error('timed out'), true);
        await manager.abort();
        const newer = coordinator.takeOver(state);
        if (manager.state === 'uninitialized') {
          expect(await errorOf(manager.initialize())).toBe('ProducerFencedError');
        } else {
          manager.begin();
          manager.partitionNeeded(new PartitionQueue('topic', 0));
          await jest.advanceTimersByTimeAsync(1);
          manager.recordFailed(new Error('refused'), false);
          expect(await errorOf(manager.abort())).toBe('ProducerFencedError');
        }

        expect(manager.state).toBe('fatal');
        expect(coordinator.identity).toEqual(newer);
      },
    );

    describe.each(['carried out', 'lost'] as const)('while the answer to its end was lost, and that was %s', (fate) => {
      it.each(['CompleteAbort', 'CompleteCommit', 'Empty'] as const)(
        'does not know the outcome of its commit, and leaves the id to the newer one: %s',
        async (state) => {
          const { coordinator, manager } = await withOpenTransaction(protocol);
          coordinator.loseNextEnd(fate);
          coordinator.beforeNextEnd(() => coordinator.takeOver(state));
          expect(await errorOf(manager.commit())).toBe('TransactionOutcomeUnknownError');

          expect(await errorOf(manager.initialize())).toBe('ProducerFencedError');
          expect(coordinator.takeOvers).toBe(1);
        },
      );

      it('leaves the id to the newer one after an abort, also past the transaction timeout', async () => {
        const { coordinator, manager } = await withOpenTransaction(protocol);
        coordinator.loseNextEnd(fate);
        coordinator.beforeNextEnd(() => {
          jest.setSystemTime(Date.now() + 2 * TIMEOUT_MS);
          coordinator.takeOver('CompleteAbort');
        });

        expect(await errorOf(manager.abort())).toBe('ProducerFencedError');
        expect(coordinator.takeOvers).toBe(1);
      });
    });
  },
);

describe.each([1, 2] as const)('a transactional producer that is alone, with protocol %i', (protocol) => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('goes on when its transaction has timed out, and knows that it was aborted', async () => {
    const { coordinator, manager } = await withOpenTransaction(protocol);
    coordinator.timeOut();

    expect(await errorOf(manager.commit())).toBe('TransactionAbortedError');
    expect(manager.state).toBe('ready');
  });

  it('goes on when its coordinator was away past the transaction timeout, with an end that may have been carried out', async () => {
    const { coordinator, manager } = await withOpenTransaction(protocol);
    coordinator.loseNextEnd('lost');
    coordinator.beforeNextEnd(() => {
      jest.setSystemTime(Date.now() + 2 * TIMEOUT_MS);
      coordinator.timeOut();
    });

    expect(await errorOf(manager.commit())).toBe('TransactionOutcomeUnknownError');
    expect(manager.state).toBe('ready');
  });

  it('goes on after an end without an answer, and ends the transaction that is still open', async () => {
    const { coordinator, manager } = await withOpenTransaction(protocol);
    coordinator.loseNextEnd('lost');
    coordinator.beforeNextEnd(() => {
      throw new KafkaTimeoutError('EndTxn had no success within its limit.');
    });
    expect(await errorOf(manager.commit())).toBe('TransactionOutcomeUnknownError');
    expect(manager.state).toBe('uninitialized');

    expect(await errorOf(manager.initialize())).toBeNull();
    expect(manager.state).toBe('ready');
    expect(coordinator.state).toBe('Empty');
  });
});
