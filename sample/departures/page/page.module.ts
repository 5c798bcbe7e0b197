import { Module } from '@nestjs/common';
import { BoardModule } from '../board/board.module.js';
import { FlightsModule } from '../flights/flights.module.js';
import { AirportViews } from './airport-views.js';
import { GroupViews } from './group-views.js';
import { LiveBoard } from './live-board.js';
import { PageController } from './page.controller.js';
import { UsMap } from './us-map.js';

@Module({
  imports: [BoardModule, FlightsModule],
  controllers: [PageController],
  providers: [AirportViews, GroupViews, LiveBoard, UsMap],
})
export class PageModule {}
