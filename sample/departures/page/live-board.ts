import { Injectable, type OnModuleInit } from '@nestjs/common';
import { KafkaListenerRegistry, KafkaProducer } from 'nestjs-kafka-producer';
import { filter, map, type Observable, shareReplay, timer } from 'rxjs';
import { Board } from '../board/board.js';
import { AirportViews } from './airport-views.js';
import { GroupViews } from './group-views.js';
import { Rate } from './rate.js';
import type { DeadLetterView, Snapshot } from './snapshot.js';

const EVERY_MS = 1_000;
const DEAD_LETTERS = 5;

/** Tells what the page shows, once a second, as long as somebody looks. */
@Injectable()
export class LiveBoard implements OnModuleInit {
  /** The last one at once, then each new one. */
  public readonly snapshots: Observable<Snapshot> = timer(0, EVERY_MS).pipe(
    map(() => this.look()),
    shareReplay({ bufferSize: 1, refCount: true }),
  );
  private readonly sent = new Rate();
  private deadLetters: Snapshot['deadLetters'] = { total: 0, latest: [] };

  public constructor(
    private readonly board: Board,
    private readonly airports: AirportViews,
    private readonly groups: GroupViews,
    private readonly producer: KafkaProducer,
    private readonly registry: KafkaListenerRegistry,
  ) {}

  public onModuleInit(): void {
    this.registry.events
      .pipe(filter((event) => event.type === 'dead-lettered'))
      .subscribe(({ error, offset, partition, topic }) =>
        this.addDeadLetter({ record: `${topic}-${partition} @ ${offset}`, reason: error.message }),
      );
  }

  private addDeadLetter(added: DeadLetterView): void {
    const { latest, total } = this.deadLetters;
    this.deadLetters = { total: total + 1, latest: [added, ...latest].slice(0, DEAD_LETTERS) };
  }

  private look(): Snapshot {
    const { alerts, figures } = this.board;
    const airports = this.airports.of(figures);
    return {
      departures: figures.departures,
      longDelays: airports.reduce((sum, { longDelays }) => sum + longDelays, 0),
      sentPerSecond: this.sent.next(this.producer.metrics()['record-send-total'] ?? 0),
      airports,
      groups: this.groups.now(),
      alerts: alerts.map(({ delay, destination, origin }) => ({ from: origin, to: destination, delay })),
      deadLetters: this.deadLetters,
    };
  }
}
