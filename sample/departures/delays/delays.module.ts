import { Module } from '@nestjs/common';
import { DelaysListener } from './delays.listener.js';

@Module({ controllers: [DelaysListener] })
export class DelaysModule {}
