import { Module } from '@nestjs/common';
import { ClientsModule, Transport } from '@nestjs/microservices';
import { TerminusModule } from '@nestjs/terminus';
import { KafkaProducerModule } from 'nestjs-kafka-producer';
import { KafkaHealthModule } from 'nestjs-kafka-producer/health';
import { HealthController } from './health.controller.js';
import { BROKERS, Groups, TRANSACTIONAL_ID_PREFIX } from './names.js';
import { OrdersBoard } from './orders-board.js';
import { OrdersController } from './orders.controller.js';
import { OrdersListener } from './orders.listener.js';
import { PRICES_CLIENT, PricesController } from './prices.controller.js';

/** Most of what the library offers to an application, in the smallest one that has it all. */
@Module({
  imports: [
    KafkaProducerModule.forRoot({
      client: { brokers: BROKERS, clientId: 'compatibility' },
      transactions: { transactionalIdPrefix: TRANSACTIONAL_ID_PREFIX },
      consumer: { groupId: Groups.board, autoOffsetReset: 'earliest' },
    }),
    ClientsModule.register([
      {
        name: PRICES_CLIENT,
        transport: Transport.KAFKA,
        options: {
          client: { brokers: BROKERS },
          // It leaves its group when its last fetch has ended.
          consumer: { groupId: Groups.prices, maxWaitTimeInMs: 100 },
        },
      },
    ]),
    // Not of what is not started yet.
    TerminusModule.forRoot({ logger: false }),
    KafkaHealthModule,
  ],
  controllers: [OrdersController, OrdersListener, PricesController, HealthController],
  providers: [OrdersBoard],
})
export class AppModule {}
