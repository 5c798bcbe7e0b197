import { connect as connectPlain, isIP, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import type { ISocketFactory } from 'kafkajs';

const KEEP_ALIVE_DELAY_MS = 60_000;
/** Handshakes (ApiVersions, SASL) are small; whoever announces more is not a Kafka broker. */
const MAX_HANDSHAKE_FRAME_BYTES = 1_048_576;

/**
 * Makes the sockets that kafkajs connects with, and protects the process from what may arrive on them while kafkajs still
 * reads them: its data handler throws on malformed frames (an uncaught exception), buffers an announced frame of any size, and
 * never notices a bare `close`.
 * @param onSocket gets each socket, so that an attempt to connect can be ended
 */
export function guardedSocketFactory(
  inner: ISocketFactory | undefined,
  onSocket: (socket: Socket) => void = () => undefined,
): ISocketFactory {
  return (args) => {
    const socket = inner === undefined ? openSocket(args) : inner(args);
    socket.setNoDelay(true);
    guard(socket);
    onSocket(socket);
    return socket;
  };
}

function openSocket({ host, port, ssl, onConnect }: Parameters<ISocketFactory>[0]): Socket {
  const servername = isIP(host) === 0 ? { servername: host } : {};
  const socket = isTlsWanted(ssl)
    ? connectTls({ host, port, ...servername, ...(ssl as ConnectionOptions) }, onConnect)
    : connectPlain({ host, port }, onConnect);
  socket.setKeepAlive(true, KEEP_ALIVE_DELAY_MS);
  return socket;
}

function isTlsWanted(ssl: unknown): boolean {
  return ssl !== null && ssl !== undefined && ssl !== false;
}

type Listener = (...values: unknown[]) => void;

/** What kafkajs has attached to each socket, so that exactly that can be taken off again. */
const attached = new WeakMap<Socket, { event: string; listener: Listener }[]>();
const KAFKAJS_EVENTS: ReadonlySet<string> = new Set(['data', 'end', 'error', 'timeout']);

function guard(socket: Socket): void {
  const frames = new HandshakeFrames();
  const listeners: { event: string; listener: Listener }[] = [];
  const originalOn = socket.on.bind(socket);
  const guardedOn = (event: string, listener: Listener): Socket => {
    if (!KAFKAJS_EVENTS.has(event)) return originalOn(event, listener);
    const guarded = event === 'data' ? guardedDataListener(socket, frames, listener) : listener;
    listeners.push({ event, listener: guarded });
    return originalOn(event, guarded);
  };
  Object.defineProperty(socket, 'on', { value: guardedOn, configurable: true, writable: true });
  const onClose = (hadError: boolean): void => {
    if (!hadError) socket.emit('error', new Error('the connection was closed'));
  };
  listeners.push({ event: 'close', listener: onClose as Listener });
  originalOn('close', onClose);
  attached.set(socket, listeners);
}

function guardedDataListener(socket: Socket, frames: HandshakeFrames, listener: Listener): Listener {
  return (chunk) => {
    if (socket.destroyed || !Buffer.isBuffer(chunk)) return;
    try {
      frames.check(chunk);
      listener(chunk);
    } catch (cause) {
      socket.destroy(new Error('the peer does not speak the Kafka protocol', { cause }));
    }
  };
}

/** Takes kafkajs off the socket: its next owner gets it connected, authenticated and without listeners. */
export function releaseSocket(socket: Socket): void {
  Reflect.deleteProperty(socket, 'on');
  for (const { event, listener } of attached.get(socket) ?? []) socket.off(event, listener);
  attached.delete(socket);
}

/** Follows frame boundaries without keeping the bytes. */
class HandshakeFrames {
  private readonly sizeBytes = Buffer.alloc(4);
  private sizeRead = 0;
  private bodyLeft = 0;

  public check(chunk: Buffer): void {
    let position = 0;
    while (position < chunk.length) {
      if (this.bodyLeft > 0) {
        const step = Math.min(this.bodyLeft, chunk.length - position);
        this.bodyLeft -= step;
        position += step;
        continue;
      }
      const taken = chunk.copy(this.sizeBytes, this.sizeRead, position, position + 4 - this.sizeRead);
      this.sizeRead += taken;
      position += taken;
      if (this.sizeRead < 4) return;
      this.sizeRead = 0;
      this.bodyLeft = this.sizeBytes.readInt32BE(0);
      if (this.bodyLeft < 0 || this.bodyLeft > MAX_HANDSHAKE_FRAME_BYTES) {
        throw new Error(`a frame of ${this.bodyLeft} bytes during the handshake`);
      }
    }
  }
}
