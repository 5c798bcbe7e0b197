import { mergeBrokers } from './merge-brokers.js';

describe('mergeBrokers', () => {
  it('adds and moves brokers, and loses none', () => {
    const at = (nodeId: number, port: number) => ({ nodeId, host: 'kafka', port, rack: null });
    expect(mergeBrokers([at(1, 91), at(2, 92)], [at(2, 99), at(3, 93)])).toEqual([at(1, 91), at(2, 99), at(3, 93)]);
  });
});
