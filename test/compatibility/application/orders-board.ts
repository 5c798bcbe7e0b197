import { Injectable } from '@nestjs/common';

/** What the event handler has seen. */
@Injectable()
export class OrdersBoard {
  public readonly ids: string[] = [];
}
