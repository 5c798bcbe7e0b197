import { describe, expect, it } from '@jest/globals';
import { UndecodableRecordError } from '../deserializers/undecodable-record-error.js';
import { JsonDeserializer } from '../deserializers/json.deserializer.js';
import { ErrorWitness } from '../nest/error-witness.js';
import { createRecordHandler } from '../nest/nest-record-handler.js';
import { ContainerBench, FakeRecovery, listener, until } from './spec-support/container-bench.js';
import { record } from './spec-support/fake-consumer-engine.js';

const T0 = { topic: 't', partition: 0 };
const VALUES = ['0', '1', 'poison', '3'];

/** A batch listener whose handler notes what it gets. */
async function start(recovery: FakeRecovery): Promise<{ bench: ContainerBench; seen: unknown[] }> {
  const seen: unknown[] = [];
  const json = new JsonDeserializer();
  const handler = createRecordHandler({
    callback: (values) => Promise.resolve(void seen.push(values)),
    isEventHandler: true,
    isBatch: true,
    deserializers: { key: json, value: json },
    witness: ErrorWitness.none(),
    facades: { consumer: () => null, producer: () => null } as never,
    publish: () => Promise.resolve(),
    hooks: () => null,
  });
  const bench = await ContainerBench.start(listener(handler, { isBatch: true, recovery }));
  const records = VALUES.map((value, offset) => ({ ...record('t', 0, offset), value: Buffer.from(value) }));
  bench.engine.deliver(bench.engine.assignOne(T0), records);
  return { bench, seen };
}

describe('a batch with a record that does not decode', () => {
  it('is handled without it, and only it goes to the dead-letter topic', async () => {
    const recovery = new FakeRecovery(1, 'dead-letter');
    const { bench, seen } = await start(recovery);
    await using _ = bench;
    await until(() => bench.engine.commits.at(-1) === 't-0=4');
    expect(seen).toEqual([[0, 1], [3]]);
    expect(recovery.deadLetters.map(({ error, record: { offset } }) => [offset, error])).toEqual([
      [2n, expect.any(UndecodableRecordError)],
    ]);
  });

  it('is handled up to it when the listener stops there, and nothing above is committed', async () => {
    const { bench, seen } = await start(new FakeRecovery(2, 'stop'));
    await using _ = bench;
    await until(() => bench.eventTypes().includes('stopped'));
    expect(seen).toEqual([[0, 1]]);
    expect(bench.engine.commits.at(-1)).toBe('t-0=2');
  });
});
