import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import { KafkaContext, KafkaListener, KafkaProducer, Transactional } from 'nestjs-kafka-producer';
import { Groups, Topics } from './names.js';
import { OrdersBoard } from './orders-board.js';

interface Order {
  readonly id: string;
}

@Controller()
export class OrdersListener {
  public constructor(
    private readonly producer: KafkaProducer,
    private readonly board: OrdersBoard,
  ) {}

  /** One of Nest's own, in the group of the module. */
  @EventPattern([Topics.orders])
  public onOrder(@Payload() { id }: Order): void {
    this.board.ids.push(id);
  }

  /** Exactly once: the invoice and the offset of its order are committed together. */
  @KafkaListener(Topics.orders, { groupId: Groups.invoices })
  @Transactional()
  public async writeInvoice(@Payload() { id }: Order, @Ctx() context: KafkaContext): Promise<void> {
    await this.producer.send({ topic: Topics.invoices, key: id, value: { id, of: context.getPartition() } });
  }
}
