import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { resetSocket } from './reset-socket.js';

describe('a socket that is to be reset', () => {
  let server: Server;
  let peers: Socket[];

  beforeEach(async () => {
    peers = [];
    server = createServer({ allowHalfOpen: true }, (peer) => peers.push(peer)).listen(0, '127.0.0.1');
    await once(server, 'listening');
  });

  afterEach(() => {
    for (const peer of peers) peer.destroy();
    server.close();
  });

  function connecting(): Socket {
    const { port } = server.address() as AddressInfo;
    return connect({ host: '127.0.0.1', port, allowHalfOpen: true });
  }

  async function connected(): Promise<Socket> {
    const socket = connecting();
    await Promise.all([once(socket, 'connect'), once(server, 'connection')]);
    return socket;
  }

  it('is closed with RST', async () => {
    const socket = await connected();
    const [peer] = peers;
    if (peer === undefined) throw new Error('No peer.');
    const failed = new Promise((resolve) => peer.on('error', resolve));
    peer.resume();
    resetSocket(socket);
    await once(socket, 'close');
    expect(await failed).toMatchObject({ code: 'ECONNRESET' });
  });

  it.each([
    ['is being ended', async (): Promise<Socket> => (await connected()).end()],
    ['is being ended with data', async (): Promise<Socket> => (await connected()).end('x')],
    ['is not connected yet', async (): Promise<Socket> => connecting()],
  ])('is closed although it %s', async (_, open) => {
    const socket = await open();
    const errors: Error[] = [];
    socket.on('error', (error) => errors.push(error));
    resetSocket(socket);
    await once(socket, 'close');
    expect(errors).toEqual([]);
    resetSocket(socket);
  });
});
