import { setTimeout as delay } from 'node:timers/promises';
import { Controller, type Type } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import type { KafkaContext } from 'nestjs-kafka-producer';
import type { BenchRecord } from './bench-record.js';
import type { ConsumptionMeter } from './consumption-meter.js';

/** As any Nest application has it; it only counts. */
export function emptyHandler(topic: string, meter: ConsumptionMeter): Type {
  @Controller()
  class EmptyController {
    @EventPattern([topic])
    public onRecord(@Payload() record: BenchRecord): void {
      meter.handled(record.id);
    }
  }
  return EmptyController;
}

/** The same, for a strategy that waits for the handler's word. */
export function acknowledgingHandler(topic: string, meter: ConsumptionMeter): Type {
  @Controller()
  class AcknowledgingController {
    @EventPattern([topic])
    public onRecord(@Payload() record: BenchRecord, @Ctx() context: KafkaContext): void {
      meter.handled(record.id);
      context.ack();
    }
  }
  return AcknowledgingController;
}

/**
 * Waits, as for a database.
 * @param keys ids that are equal modulo it have the same key
 */
export function waitingHandler(topic: string, meter: ConsumptionMeter, waitMs: number, keys: number): Type {
  const lastIds = new Map<number, number>();
  @Controller()
  class WaitingController {
    @EventPattern([topic])
    public async onRecord(@Payload() { id }: BenchRecord): Promise<void> {
      const key = id % keys;
      const lastId = lastIds.get(key);
      // Faster without order would be no merit.
      if (lastId !== undefined && id <= lastId) throw new Error(`Record ${id} came after ${lastId} of the same key.`);
      lastIds.set(key, id);
      await delay(waitMs);
      meter.handled(id);
    }
  }
  return WaitingController;
}
