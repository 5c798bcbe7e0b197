import { readFile } from 'node:fs/promises';
import { KafkaTestClusterStartError } from '../errors.js';
import type { BrokerHandle } from '../providers/broker-handle.js';
import type { RunningCluster } from './running-cluster.js';
import { messageOf } from '../thrown.js';

const SHOWN_LINES = 5;
const SHOWN_LENGTH = 300;
/** Java, then Docker. */
const PORT_TAKEN = /Address already in use|port is already allocated/i;

/** Whether another program has taken a port between the choice of it and the broker's start. */
export async function portWasTaken(running: RunningCluster, error: unknown): Promise<boolean> {
  if (/EADDRINUSE/.test(messageOf(error))) return true;
  const logs = await Promise.all(running.brokers.map(readLog));
  return logs.some((log) => PORT_TAKEN.test(log));
}

/** One error that says which step failed, what the brokers complained about last, and where the whole logs are. */
export async function startFailure(running: RunningCluster, cause: unknown): Promise<KafkaTestClusterStartError> {
  const complaints = await Promise.all(running.brokers.map(async (broker) => lastComplaints(broker)));
  const reason = messageOf(cause);
  const version = running.description.kafkaVersion;
  return new KafkaTestClusterStartError(
    `Kafka ${version} did not become ready. ${reason}\n${complaints.join('\n')}\nLogs are kept in ${running.directory}.`,
    { cause },
  );
}

async function lastComplaints(broker: BrokerHandle): Promise<string> {
  const log = await readLog(broker);
  const lines = log.split('\n').filter((line) => /\b(WARN|ERROR|FATAL)\b|Exception: /.test(line));
  const shown = (lines.length > 0 ? lines : log.trimEnd().split('\n')).slice(-SHOWN_LINES);
  const state = broker.isAlive() ? 'alive' : broker.howItEnded();
  return `Broker ${broker.nodeId} (${state}):\n${shown.map((line) => `  ${line.slice(0, SHOWN_LENGTH)}`).join('\n')}`;
}

function readLog(broker: BrokerHandle): Promise<string> {
  return readFile(broker.logFile, 'utf8').catch((error: unknown) => `(no log: ${String(error)})`);
}
