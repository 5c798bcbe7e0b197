import { expect, it } from '@jest/globals';
import { sharedCluster, uniqueTopic } from '../support/broker.js';
import { disconnectAndWait, forkTypescript, nextMessage } from '../support/run-typescript.js';

// In a process of its own: Terminus 11 is CommonJS, and what it requires of Nest 12 is not, which Jest does not take.
it('Terminus 11 takes the results', async () => {
  const cluster = sharedCluster();
  const topic = uniqueTopic('terminus');
  await cluster.createTopic(topic);
  const host = new URL('./terminus-11-host.ts', import.meta.url);
  const child = forkTypescript(host, [cluster.bootstrapServers()[0] ?? '', topic]);
  try {
    expect(await nextMessage(child)).toMatchObject({
      well: {
        status: 'ok',
        details: { kafka: { status: 'up' }, topics: { status: 'up', warnings: [expect.any(String)] } },
      },
      unwell: {
        status: 503,
        response: { status: 'error', error: { kafka: { status: 'down', problems: [expect.any(String)] } } },
      },
    });
  } finally {
    await disconnectAndWait(child);
  }
});
