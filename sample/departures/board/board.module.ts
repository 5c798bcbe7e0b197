import { Module } from '@nestjs/common';
import { Board } from './board.js';
import { BoardListener } from './board.listener.js';

@Module({ controllers: [BoardListener], providers: [Board], exports: [Board] })
export class BoardModule {}
