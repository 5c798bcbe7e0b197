import { createServer, type Server } from 'node:net';

const HOST = '127.0.0.1';
/** Below the ports that operating systems give to outgoing connections: a port stays free while its broker is down. */
const FIRST_PORT = 20_000;
const LAST_PORT = 32_000;
const BLOCK_SIZE = 64;
const BLOCKS = Math.floor((LAST_PORT - FIRST_PORT) / BLOCK_SIZE);

/**
 * A range of ports that belongs to this process alone among all processes that ask this class.
 *
 * The first port of a block is held open as long as the block is owned; whoever can bind it owns the block. The kernel gives it
 * back when the process dies in any way, so there is nothing stale to clean up.
 */
export class PortBlock {
  private readonly holder: Server;
  private next: number;
  private readonly end: number;

  private constructor(holder: Server, firstPort: number) {
    this.holder = holder;
    this.next = firstPort + 1;
    this.end = firstPort + BLOCK_SIZE;
  }

  /**
   * Takes a block nobody else has.
   * @throws Error when all blocks are taken
   */
  public static async reserve(): Promise<PortBlock> {
    const start = Math.floor(Math.random() * BLOCKS);
    for (let i = 0; i < BLOCKS; i++) {
      const firstPort = FIRST_PORT + ((start + i) % BLOCKS) * BLOCK_SIZE;
      const holder = await listen(firstPort);
      if (holder !== null) return new PortBlock(holder, firstPort);
    }
    throw new Error(
      `No free ports between ${FIRST_PORT} and ${LAST_PORT}: is something left running from earlier tests?`,
    );
  }

  /**
   * The next port of the block on which nothing listens.
   * @throws Error when the block is used up
   */
  public async take(): Promise<number> {
    while (this.next < this.end) {
      const port = this.next++;
      const probe = await listen(port);
      if (probe === null) continue;
      await close(probe);
      return port;
    }
    throw new Error(`A cluster can have at most ${BLOCK_SIZE - 1} ports: ask for fewer listeners.`);
  }

  public release(): Promise<void> {
    return this.holder.listening ? close(this.holder) : Promise.resolve();
  }
}

/** Resolves to null when the port is taken. */
function listen(port: number): Promise<Server | null> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(null);
      else reject(error);
    });
    server.listen({ port, host: HOST, exclusive: true }, () => {
      server.unref();
      resolve(server);
    });
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.close((error) => (error === undefined ? resolve() : reject(error)));
  });
}
