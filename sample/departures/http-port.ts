import { once } from 'node:events';
import { createServer } from 'node:net';

export const HTTP_HOST = '127.0.0.1';

/**
 * To learn at once, not after the replay, that HTTP cannot be served.
 * @throws Error that says what to do when the port is taken
 */
export async function requireFreePort(port: number): Promise<void> {
  const server = createServer().listen(port, HTTP_HOST);
  try {
    await once(server, 'listening');
  } catch (cause) {
    throw new Error(
      `HTTP cannot be served on port ${port}: ${cause instanceof Error ? cause.message : String(cause)}. ` +
        'Choose another port, e.g. PORT=3001 npm start',
      { cause },
    );
  }
  server.close();
  await once(server, 'close');
}
