import { Controller } from '@nestjs/common';
import { KafkaListener } from './kafka-listener.decorator.js';
import { KafkaListenerRegistry } from './kafka-listener-registry.js';
import { useConsumerBench } from './spec-support/use-consumer-bench.js';

const { start } = useConsumerBench();

describe('KafkaListenerRegistry', () => {
  it('finds listeners by their ids, and passes on their events', async () => {
    @Controller()
    class Orders {
      @KafkaListener('orders', { id: 'mine' })
      public onOrder(): void {}
    }
    const { app, factory } = await start(Orders);
    const registry = app.get(KafkaListenerRegistry);
    const events: unknown[] = [];
    registry.events.subscribe((event) => events.push(event));
    factory.only.request.events({ type: 'paused', listenerId: 'mine' });
    expect(events).toEqual([{ type: 'paused', listenerId: 'mine' }]);
    expect(registry.get('mine').id).toBe('mine');
    expect(registry.listeners()).toHaveLength(1);
    expect(registry.status()).toMatchObject({
      listeners: [{ listenerId: 'mine' }],
      groups: { group: { state: 'stable' } },
    });
    expect(() => registry.get('other')).toThrow("There is no listener 'other'. There are mine.");
  });
});
