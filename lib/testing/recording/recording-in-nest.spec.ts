import { Injectable, Module } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import {
  getKafkaProducerToken,
  IllegalTransactionStateError,
  InjectKafkaProducer,
  KafkaProducer,
  KafkaProducerModule,
  ProducerClosedError,
  Transactional,
  TransactionAbortedError,
} from '../../index.js';
import { RecordingKafkaProducer } from './recording-kafka-producer.js';

@Injectable()
class StockService {
  public constructor(private readonly producer: KafkaProducer) {}

  @Transactional()
  public async take(item: string): Promise<void> {
    await this.producer.send({ topic: 'stock', key: item, value: -1 });
    if (item === 'sold out') throw new Error('sold out');
  }

  @Transactional({ propagation: 'REQUIRES_NEW' })
  public async audit(what: string): Promise<void> {
    await this.producer.send({ topic: 'audit', value: what });
  }

  @Transactional({ propagation: 'MANDATORY' })
  public async reserve(item: string): Promise<void> {
    await this.producer.send({ topic: 'reserved', value: item });
  }
}

@Injectable()
class OrdersService {
  public constructor(
    private readonly producer: KafkaProducer,
    private readonly stock: StockService,
  ) {}

  @Transactional()
  public async place(item: string): Promise<string> {
    await this.producer.send({ topic: 'orders', value: item });
    await this.stock.audit(`order of ${item}`);
    await this.stock.take(item);
    await this.stock.reserve(item);
    return `placed ${item}`;
  }

  @Transactional()
  public async placeWhateverHappens(item: string): Promise<void> {
    await this.producer.send({ topic: 'orders', value: item });
    await this.stock.take(item).catch(() => undefined);
  }
}

@Injectable()
class ArchiveService {
  public constructor(@InjectKafkaProducer('archive') public readonly producer: KafkaProducer) {}

  @Transactional({ producer: 'archive' })
  public async keep(what: string): Promise<void> {
    await this.producer.send({ topic: 'archive', value: what });
  }
}

describe('a RecordingKafkaProducer in a Nest application', () => {
  let app: TestingModule;

  afterEach(() => app.close());

  const topics = (records: readonly { readonly topic: string }[]): string[] => records.map(({ topic }) => topic);

  describe('provided in place of KafkaProducer', () => {
    let producer: RecordingKafkaProducer;
    let orders: OrdersService;

    beforeEach(async () => {
      producer = new RecordingKafkaProducer();
      app = await Test.createTestingModule({
        providers: [OrdersService, StockService, { provide: KafkaProducer, useValue: producer }],
      }).compile();
      orders = app.get(OrdersService);
    });

    it('commits together what a @Transactional() method and the methods that join it have sent', async () => {
      await expect(orders.place('lamp')).resolves.toBe('placed lamp');
      expect(producer.transactions).toMatchObject([
        { state: 'committed', records: [{ topic: 'orders' }, { topic: 'stock' }, { topic: 'reserved' }] },
        { state: 'committed', records: [{ topic: 'audit' }] },
      ]);
    });

    it('aborts together what they have sent, but not what has its own transaction', async () => {
      await expect(orders.place('sold out')).rejects.toThrow('sold out');
      expect(topics(producer.aborted)).toEqual(['orders', 'stock']);
      expect(topics(producer.records)).toEqual(['audit']);
    });

    it('aborts when the failure of a method that joined was swallowed', async () => {
      await expect(orders.placeWhateverHappens('sold out')).rejects.toMatchObject({
        name: 'TransactionAbortedError',
        cause: new Error('sold out'),
      });
      expect(producer.records).toEqual([]);
    });

    it('shows what the application does when a commit fails', async () => {
      producer.failNext('commit', new TransactionAbortedError('the broker was restarted'));
      await expect(app.get(StockService).take('lamp')).rejects.toThrow('the broker was restarted');
      expect(topics(producer.aborted)).toEqual(['stock']);
    });

    it('refuses a method that needs a transaction and has none', async () => {
      await expect(app.get(StockService).reserve('lamp')).rejects.toThrow(IllegalTransactionStateError);
      expect(producer.sent).toEqual([]);
    });

    it('closes with the application', async () => {
      await app.close();
      await expect(producer.send({ topic: 'orders', value: 1 })).rejects.toThrow(ProducerClosedError);
    });
  });

  it('takes the place of named producers, each with records of its own', async () => {
    const [producer, archive] = [new RecordingKafkaProducer(), new RecordingKafkaProducer()];
    app = await Test.createTestingModule({
      providers: [
        ArchiveService,
        StockService,
        { provide: KafkaProducer, useValue: producer },
        { provide: getKafkaProducerToken('archive'), useValue: archive },
      ],
    }).compile();
    await app.get(ArchiveService).keep('letter');
    await app.get(StockService).take('lamp');
    expect(topics(archive.committed)).toEqual(['archive']);
    expect(topics(producer.committed)).toEqual(['stock']);
  });

  it('overrides the producers of KafkaProducerModule, which then does not connect', async () => {
    let connections = 0;
    const client = {
      brokers: () => {
        connections += 1;
        return ['127.0.0.1:1'];
      },
    };
    const transactions = { transactionalIdPrefix: 'orders-' };

    @Module({
      imports: [
        KafkaProducerModule.forRoot({ client, transactions }),
        KafkaProducerModule.forRoot({ client, transactions, name: 'archive' }),
      ],
      providers: [OrdersService, StockService, ArchiveService],
    })
    class AppModule {}

    const [producer, archive] = [new RecordingKafkaProducer(), new RecordingKafkaProducer()];
    app = await Test.createTestingModule({ imports: [AppModule] })
      .overrideProvider(KafkaProducer)
      .useValue(producer)
      .overrideProvider(getKafkaProducerToken('archive'))
      .useValue(archive)
      .compile();
    await app.init();
    await app.get(OrdersService).place('lamp');
    await app.get(ArchiveService).keep('letter');
    expect(topics(producer.committed)).toEqual(['orders', 'audit', 'stock', 'reserved']);
    expect(topics(archive.committed)).toEqual(['archive']);
    await app.close();
    expect(connections).toBe(0);
  });

  it('does not keep KafkaProducerModule from checking every @Transactional() at the start', async () => {
    app = await Test.createTestingModule({
      imports: [KafkaProducerModule.forRoot({ client: { brokers: ['127.0.0.1:1'] } })],
      providers: [StockService],
    })
      .overrideProvider(KafkaProducer)
      .useValue(new RecordingKafkaProducer())
      .compile();
    await expect(app.init()).rejects.toThrow(/StockService\.(take|audit|reserve)/);
  });
});
