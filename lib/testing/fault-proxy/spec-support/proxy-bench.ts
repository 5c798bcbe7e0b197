import { FaultProxy } from '../fault-proxy.js';
import { FrameBroker } from './frame-broker.js';
import { FrameClient } from './frame-client.js';

/** Two brokers (1 and 2), a proxy before them, and the clients a spec connects. */
export class ProxyBench {
  public readonly brokers: readonly [FrameBroker, FrameBroker];
  public readonly proxy: FaultProxy;
  private readonly clients: FrameClient[] = [];

  private constructor(brokers: readonly [FrameBroker, FrameBroker], proxy: FaultProxy) {
    this.brokers = brokers;
    this.proxy = proxy;
  }

  public static async start(): Promise<ProxyBench> {
    const brokers = [await FrameBroker.start(), await FrameBroker.start()] as const;
    const proxy = await FaultProxy.start({
      brokers: brokers.map(({ port }, i) => ({
        nodeId: i + 1,
        listenPort: 0,
        targetHost: '127.0.0.1',
        targetPort: port,
      })),
    });
    return new ProxyBench(brokers, proxy);
  }

  public get broker(): FrameBroker {
    return this.brokers[0];
  }

  public async client(nodeId = 1): Promise<FrameClient> {
    const client = await FrameClient.connect(this.proxy.address(nodeId).port);
    this.clients.push(client);
    return client;
  }

  public async close(): Promise<void> {
    for (const { socket } of this.clients) socket.destroy();
    await this.proxy.close();
    await Promise.all(this.brokers.map((broker) => broker.close()));
  }
}
