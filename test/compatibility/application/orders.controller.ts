import { Body, Controller, Get, Post, UnprocessableEntityException } from '@nestjs/common';
import { KafkaProducer, Transactional } from 'nestjs-kafka-producer';
import { Topics } from './names.js';
import { OrdersBoard } from './orders-board.js';

export interface Orders {
  readonly ids: readonly string[];
  /** Whether the request fails after its records are sent. */
  readonly fail?: boolean;
}

@Controller('orders')
export class OrdersController {
  public constructor(
    private readonly producer: KafkaProducer,
    private readonly board: OrdersBoard,
  ) {}

  /** All orders become visible together, or none does. */
  @Post()
  @Transactional()
  public async place(@Body() { fail = false, ids }: Orders): Promise<{ readonly placed: number }> {
    for (const id of ids) await this.producer.send({ topic: Topics.orders, key: id, value: { id } });
    if (fail) throw new UnprocessableEntityException();
    return { placed: ids.length };
  }

  /** Those that the listener has seen. */
  @Get()
  public seen(): readonly string[] {
    return this.board.ids;
  }
}
