import { once } from 'node:events';
import { connect } from 'node:net';
import { BrokerConnection } from '../../lib/wire/broker-connection.js';

export const REQUEST_TIMEOUT_MS = 10_000;

/** A connection to one broker, without kafkajs, that closes at the end of the block. */
export async function openConnection(address: string): Promise<{ connection: BrokerConnection } & Disposable> {
  const [host, port] = address.split(':');
  const socket = connect(Number(port), host);
  await once(socket, 'connect');
  const connection = new BrokerConnection(socket, {
    clientId: 'wire-test',
    address,
    maxIdleMs: 0,
    onClose: () => undefined,
  });
  return { connection, [Symbol.dispose]: () => connection.close(new Error('The test has ended')) };
}
