import { describe, expect, it } from '@jest/globals';
import { topicOf } from './topic-of.js';

describe('topicOf', () => {
  it('gives the topic of a record', () => {
    expect(topicOf({ topic: 'orders' })).toBe('orders');
  });

  it.each([
    ['nothing', undefined],
    ['no object', 'orders'],
    ['a topic that is no string', { topic: 5 }],
    [
      'a getter that throws',
      {
        get topic(): string {
          throw new Error('unreadable');
        },
      },
    ],
    ['a revoked proxy', revokedProxy()],
  ])('gives an empty text for %s', (_, record) => {
    expect(topicOf(record)).toBe('');
  });
});

function revokedProxy(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}
