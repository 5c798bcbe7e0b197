import 'reflect-metadata';
import type { INestApplication } from '@nestjs/common';
import { KafkaTestCluster } from 'nestjs-kafka-producer/testing';
import { once } from 'node:events';
import { type Arguments, readArguments } from './arguments.js';
import { createApp } from './create-app.js';
import { HTTP_HOST, requireFreePort } from './http-port.js';
import { Topics } from './names.js';
import { withProgressBar } from './replay/progress-bar.js';
import { allHold } from './replay/replay-summary.js';
import { ReplayService } from './replay/replay.service.js';
import { SummaryRenderer } from './replay/summary.renderer.js';
import { RunFolder } from './run-folder.js';
import { RunTopics } from './run-topics.js';
import { startLog } from './start-log.js';

async function main(args: Arguments): Promise<void> {
  // With --once only a summary that holds changes it.
  process.exitCode = args.once ? 1 : 0;
  if (!args.once) await requireFreePort(args.port);
  console.log('Starting Apache Kafka ...');
  await using cluster = await KafkaTestCluster.start({ log: startLog });
  // From here on there is something to clean up, so a signal no longer ends the process at once.
  const stopped = stopSignal();
  await using folder = await RunFolder.create();
  await using _topics = await RunTopics.create(cluster);
  console.log(
    `Kafka runs at ${cluster.bootstrapServers().join(', ')}. Sending flights to the topic ${Topics.departures} ...`,
  );
  const app = await createApp({ cluster, flights: args.flights, folder: folder.path });
  try {
    await Promise.race([replayAndServe(app, args, stopped), stopped]);
  } finally {
    await app.close();
  }
}

async function replayAndServe(app: INestApplication, args: Arguments, stopped: Promise<void>): Promise<void> {
  const replay = app.get(ReplayService);
  if (!args.once) {
    await app.listen(args.port, HTTP_HOST);
    console.log(`Watch the departures at ${await app.getUrl()}`);
  }
  const summary = await withProgressBar(args.flights, (onProgress) => replay.run(onProgress));
  console.log(app.get(SummaryRenderer).render(summary));
  if (args.once) {
    process.exitCode = allHold(summary) ? 0 : 1;
    return;
  }
  console.log(invitation(await app.getUrl()));
  await stopped;
}

/** Ctrl-C, or what a container is stopped with. */
async function stopSignal(): Promise<void> {
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
}

function invitation(url: string): string {
  const departure = { origin: 'ORD', destination: 'SFO', date: '2001-01-14T08:30:00Z', delay: 5, distance: 1846 };
  return `
The application serves HTTP until Ctrl-C. Try:

curl -X POST ${url}/departures -H 'content-type: application/json' -d '${JSON.stringify(departure)}'
curl -X POST ${url}/departures/bulk -H 'content-type: text/csv' --data-binary @sample/departures/flights.csv
curl -X POST ${url}/departures -H 'content-type: application/json' -d '${JSON.stringify({ ...departure, destination: 'ORD' })}' # a dead letter
curl ${url}/departures/count
curl ${url}/producer/metrics
curl ${url}/health/ready
curl ${url}/metrics
`;
}

main(readArguments()).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
