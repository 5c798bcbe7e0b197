import { describe, expect, it } from '@jest/globals';
import { Inject, Injectable, Module, type OnModuleInit } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  ConfigError,
  type KafkaInstrumentation,
  KafkaProducer,
  KafkaProducerModule,
  type KafkaProducerModuleOptions,
  type ObservedProducer,
  type SendObservation,
  type SendOperation,
} from '../index.js';
import { FakeProducerEngine } from './spec-support/fake-producer-engine.js';
import { ProducerEngineFactory } from '../producer/producer-engine.factory.js';

const CLIENT = { brokers: ['127.0.0.1:9092'], clientId: 'shop' };
const RECORD = { topic: 'orders', value: 'v' };

@Injectable()
class Notes {
  public readonly lines: string[] = [];
}

@Module({ providers: [Notes], exports: [Notes] })
class NotesModule {}

@Injectable()
class Noting implements KafkaInstrumentation {
  public constructor(@Inject(Notes) private readonly notes: Notes) {}

  public sendStarted({ clientId, record }: SendOperation): SendObservation {
    this.notes.lines.push(`${clientId} sends to ${record.topic}`);
    return { record, ended: (metadata) => void this.notes.lines.push(`stored at ${metadata?.offset}`) };
  }

  public observeProducer({ metrics, name }: ObservedProducer): () => void {
    this.notes.lines.push(`observes producer ${name}: ${Object.keys(metrics()).join()}`);
    return () => void this.notes.lines.push('the producer is gone');
  }
}

/** Sends before the producer has started. */
@Injectable()
class Eager implements OnModuleInit {
  public constructor(@Inject(KafkaProducer) private readonly producer: KafkaProducer) {}

  public async onModuleInit(): Promise<void> {
    await this.producer.send(RECORD);
  }
}

async function start(options: Partial<KafkaProducerModuleOptions>, providers = [Eager]) {
  const kafka = KafkaProducerModule.forRoot({ client: CLIENT, ...options });
  const testing = await Test.createTestingModule({ imports: [kafka, NotesModule], providers })
    .overrideProvider(ProducerEngineFactory)
    .useValue({ create: () => new FakeProducerEngine() })
    .compile();
  await testing.init();
  return { lines: testing.get(Notes, { strict: false }).lines, close: () => testing.close() };
}

describe('the option instrumentation', () => {
  it('takes a class, made by the injector, which sees everything from the first record to the end', async () => {
    const { close, lines } = await start({ instrumentation: [Noting], imports: [NotesModule] });
    await close();
    expect(lines).toEqual([
      'observes producer null: emit-error-total',
      'shop sends to orders',
      'stored at 1',
      'the producer is gone',
    ]);
  });

  it('takes a class that injects the producer', async () => {
    @Injectable()
    class Asking implements KafkaInstrumentation {
      public static producer: KafkaProducer | null = null;

      public constructor(@Inject(KafkaProducer) producer: KafkaProducer) {
        Asking.producer = producer;
      }
    }
    const { close } = await start({ instrumentation: [Asking] });
    await close();
    expect(Asking.producer?.metrics()['record-send-total']).toBe(1);
  });

  it('takes an object', async () => {
    const notes = new Notes();
    const { close } = await start({ instrumentation: [new Noting(notes)] });
    await close();
    expect(notes.lines).toContain('shop sends to orders');
  });

  it.each([
    ['no list', {} as never, 'instrumentation must be a list of classes or objects.'],
    [
      'no object',
      ['otel'] as never,
      'instrumentation must be a list of classes or objects, e.g. [OpenTelemetryInstrumentation].',
    ],
    ['a class whose parts are missing', [Noting], 'instrumentation: Noting could not be made'],
  ])('refuses %s', async (_, instrumentation, message) => {
    const kafka = KafkaProducerModule.forRoot({ client: CLIENT, instrumentation });
    const testing = await Test.createTestingModule({ imports: [kafka], providers: [Eager] }).compile();
    const started = testing.init();
    await expect(started).rejects.toBeInstanceOf(ConfigError);
    await expect(started).rejects.toThrow(message);
  });
});

describe('OpenTelemetry', () => {
  it('is named in lib/observability alone, which nothing else of the library loads', () => {
    const root = join(import.meta.dirname, '..');
    const sources = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(
      (path) => path.endsWith('.ts') && !path.endsWith('.spec.ts') && !path.startsWith('observability'),
    );
    const loads = sources.filter((path) =>
      /from '(@opentelemetry\/|[^']*\/observability\/)/.test(readFileSync(join(root, path), 'utf8')),
    );
    expect(sources.length).toBeGreaterThan(100);
    expect(loads).toEqual([]);
  });
});
