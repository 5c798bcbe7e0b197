import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { KafkaTransportStrategy } from 'nestjs-kafka-producer';
import { AppModule } from './app.module.js';

/** Serves until a signal comes; tells its parent where. */
async function main(): Promise<void> {
  const app = await NestFactory.create(AppModule, { logger: ['warn', 'error', 'fatal'], forceCloseConnections: true });
  app.enableShutdownHooks();
  app.connectMicroservice({ strategy: app.get(KafkaTransportStrategy) });
  await app.startAllMicroservices();
  await app.listen(0, '127.0.0.1');
  process.send?.(await app.getUrl());
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
