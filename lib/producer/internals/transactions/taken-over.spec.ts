import { isInUse, isTakenOver, type FormerTransaction } from './taken-over.js';
import type { DescribedTransaction, TransactionProtocol } from './transaction-requests.js';

const identity = { producerId: 7n, producerEpoch: 3 };
const TIMEOUT_MS = 60_000;

function described(producerEpoch: number, state: string, producerId = 7n, startTimeMs = 0): DescribedTransaction {
  return { producerId, producerEpoch, state, startTimeMs: BigInt(startTimeMs) };
}

function former(
  changes: Partial<FormerTransaction['transaction']> = {},
  protocol: TransactionProtocol = 1,
): FormerTransaction {
  const transaction = {
    isConfirmed: true,
    isEndUncertain: false,
    registeredAt: 0,
    endAskedAt: 0,
    startTimeMs: null,
    ...changes,
  };
  return { identity, protocol, timeoutMs: TIMEOUT_MS, transaction };
}

function isLost(to: DescribedTransaction | null, isConfirmed = true, protocol: TransactionProtocol = 1): boolean {
  return isTakenOver(former({ isConfirmed }, protocol), to);
}

describe('a transactional id whose epoch the coordinator refuses', () => {
  it.each(['PrepareEpochFence', 'PrepareAbort', 'CompleteAbort'])(
    'is still ours when the coordinator has ended our transaction itself: %s, one epoch on',
    (state) => {
      expect(isLost(described(4, state))).toBe(false);
    },
  );

  it('is free when the coordinator has forgotten it', () => {
    expect(isLost(null)).toBe(false);
  });

  it('is ours when our own end has raised the epoch, which only protocol 2 does', () => {
    expect(isLost(described(4, 'CompleteCommit'), true, 2)).toBe(false);
    expect(isLost(described(4, 'CompleteCommit'), true, 1)).toBe(true);
    expect(isTakenOver(former({ isEndUncertain: true }, 2), described(4, 'CompleteAbort'))).toBe(false);
  });

  it('is another producer’s when that has found ours open, and ended it: two epochs on', () => {
    expect(isLost(described(5, 'Empty'))).toBe(true);
    expect(isLost(described(5, 'CompleteAbort'))).toBe(true);
  });

  it('is another producer’s when that has found none open: one epoch on, and whatever it has done since', () => {
    for (const state of ['Empty', 'Ongoing', 'CompleteCommit', 'CompleteAbort']) {
      expect(isLost(described(4, state), false)).toBe(true);
    }
    expect(isLost(described(4, 'Empty'))).toBe(true);
  });

  it('is another producer’s when that has used up the epochs of a producer id', () => {
    expect(isLost(described(4, 'CompleteAbort', 8n))).toBe(true);
  });

  describe('with protocol 1, when our end may have been carried out and the next epoch has an aborted transaction', () => {
    const now = Date.now();
    const isLostAfter = (ageMs: number, startTimeMs: number, known: bigint | null = null): boolean => {
      const registeredAt = now - ageMs;
      const uncertain = { isEndUncertain: true, registeredAt, endAskedAt: registeredAt + 100, startTimeMs: known };
      return isTakenOver(former(uncertain), described(4, 'CompleteAbort', 7n, startTimeMs));
    };

    it('is another producer’s as long as ours has not reached its timeout', () => {
      expect(isLostAfter(TIMEOUT_MS / 2, now - TIMEOUT_MS / 2)).toBe(true);
    });

    it('is another producer’s when that transaction has begun after our end', () => {
      expect(isLostAfter(2 * TIMEOUT_MS, now - TIMEOUT_MS)).toBe(true);
    });

    it('is ours when that transaction has begun when ours did, by clocks that differ somewhat', () => {
      for (const apart of [-5_000, 0, 5_000]) {
        expect(isLostAfter(2 * TIMEOUT_MS, now - 2 * TIMEOUT_MS + apart)).toBe(false);
      }
    });

    it('is told by the beginning of ours, where the coordinator has named it', () => {
      const begun = now + 7 * TIMEOUT_MS;
      expect(isLostAfter(0, begun, BigInt(begun))).toBe(false);
      expect(isLostAfter(0, begun + 1, BigInt(begun))).toBe(true);
    });
  });

  it('is in use by another producer when a transaction is open under another epoch', () => {
    expect(isInUse(identity, described(4, 'Ongoing'))).toBe(true);
    expect(isInUse(identity, described(3, 'Ongoing', 8n))).toBe(true);
    expect(isInUse(identity, described(3, 'Ongoing'))).toBe(false);
    expect(isInUse(identity, described(4, 'Empty'))).toBe(false);
    expect(isInUse(identity, null)).toBe(false);
  });
});
