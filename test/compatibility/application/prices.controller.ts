import { Controller, Get, Inject, type OnModuleInit, Query } from '@nestjs/common';
import { ClientKafka, MessagePattern, Payload } from '@nestjs/microservices';
import { firstValueFrom } from 'rxjs';
import { Topics } from './names.js';

export const PRICES_CLIENT = 'PRICES_CLIENT';

/** Asks itself: by Nest's own client, answered over this library's transport. */
@Controller('price')
export class PricesController implements OnModuleInit {
  public constructor(@Inject(PRICES_CLIENT) private readonly client: ClientKafka) {}

  public onModuleInit(): void {
    this.client.subscribeToResponseOf(Topics.prices);
  }

  @Get()
  public async ask(@Query('item') item: string): Promise<unknown> {
    return firstValueFrom(this.client.send(Topics.prices, { item }));
  }

  @MessagePattern([Topics.prices])
  public price(@Payload() { item }: { readonly item: string }): { readonly item: string; readonly total: number } {
    return { item, total: item.length };
  }
}
