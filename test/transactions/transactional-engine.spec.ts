import { sharedCluster, uniqueTopic } from '../support/broker.js';
import { TestTransactionalEngine } from '../support/test-transactional-engine.js';

const cluster = sharedCluster();
const client = { brokers: cluster.bootstrapServers('plaintext') };

describe('one transactional id', () => {
  it('commits', async () => {
    const topic = uniqueTopic('tx');
    await cluster.createTopic(topic, { partitions: 4 });
    await using engine = await TestTransactionalEngine.start({ client, transactionalId: uniqueTopic('id') });
    const t0 = performance.now();
    for (let i = 0; i < 300; i++) await engine.commitRecords(topic, [`${i}a`, `${i}b`]);
    process.stderr.write(`300 transactions in ${performance.now() - t0} ms\n`);
    engine.beginTransaction();
    await engine.send({ topic, partition: 0, value: 'never' });
    await engine.abortTransaction();
    await engine.commitRecords(topic, ['last']);
    const records = await cluster.readTopic(topic, { isolation: 'read_committed' });
    expect(records.length).toBe(601);
  });
});
