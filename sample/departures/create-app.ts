import { type INestApplication, ValidationPipe } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { KafkaTransportStrategy } from 'nestjs-kafka-producer';
import { AppModule } from './app.module.js';
import type { Settings } from './settings.js';

/** The application, started but not yet listening. What makes the start fail is thrown, not logged. */
export async function createApp(settings: Settings): Promise<INestApplication> {
  const app = await NestFactory.create(AppModule.with(settings), {
    abortOnError: false,
    forceCloseConnections: true, // pages keep theirs open
    logger: ['warn'],
  });
  app.useGlobalPipes(new ValidationPipe({ whitelist: true, transform: true }));
  app.connectMicroservice({ strategy: app.get(KafkaTransportStrategy) });
  await app.startAllMicroservices();
  await app.init();
  app.useLogger(['warn', 'error']);
  return app;
}
