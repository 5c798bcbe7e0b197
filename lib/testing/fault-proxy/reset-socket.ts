import type { Socket } from 'node:net';

/**
 * Closes a socket with RST. Where its FIN is just being sent, or it is not connected yet, it is closed as it is: libuv refuses a reset then (EINVAL), after
 * which Node neither closes the handle nor emits 'close'.
 */
export function resetSocket(socket: Socket): void {
  if (socket.destroyed) return;
  if (socket.connecting || (socket.writableEnded && !socket.writableFinished)) socket.destroy();
  else socket.resetAndDestroy();
}
