import { isInUse, isTakenOver } from './taken-over.js';
import type { DescribedTransaction, TransactionProtocol } from './transaction-requests.js';

const identity = { producerId: 7n, producerEpoch: 3 };

function described(producerEpoch: number, state: string, producerId = 7n): DescribedTransaction {
  return { producerId, producerEpoch, state };
}

function isLost(to: DescribedTransaction | null, isConfirmed = true, protocol: TransactionProtocol = 1): boolean {
  return isTakenOver({ identity, isConfirmed, protocol }, to);
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

  it('is ours when our own commit has raised the epoch, which only protocol 2 does', () => {
    expect(isLost(described(4, 'CompleteCommit'), true, 2)).toBe(false);
    expect(isLost(described(4, 'CompleteCommit'), true, 1)).toBe(true);
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

  it('is in use by another producer when a transaction is open under another epoch', () => {
    expect(isInUse(identity, described(4, 'Ongoing'))).toBe(true);
    expect(isInUse(identity, described(3, 'Ongoing', 8n))).toBe(true);
    expect(isInUse(identity, described(3, 'Ongoing'))).toBe(false);
    expect(isInUse(identity, described(4, 'Empty'))).toBe(false);
    expect(isInUse(identity, null)).toBe(false);
  });
});
