import type { BrokerConnection } from './broker-connection.js';
import type { ClusterLink } from './cluster-link.js';
import { CoordinatorClient, GROUP_COORDINATOR } from './coordinator-client.js';
import { heartbeatApi, type HeartbeatRequest } from './protocol/heartbeat.js';
import { findCoordinatorApi } from './protocol/find-coordinator.js';

const REQUEST: HeartbeatRequest = { groupId: 'g', generationId: 1, memberId: 'm', groupInstanceId: null };
const errorCode = ({ errorCode: code }: { readonly errorCode: number }): number => code;

/** A cluster whose brokers answer every request, each as the coordinator that `elected` names at the moment. */
class Cluster {
  public elected = 1;
  /** Brokers that got a heartbeat, in order. */
  public readonly asked: number[] = [];

  public client(): CoordinatorClient {
    const open = (nodeId: number): BrokerConnection =>
      ({
        address: `broker-${nodeId}`,
        isOpen: true,
        negotiate: () => 4,
        send: (api: { readonly key: number }) => Promise.resolve(this.answer(api.key, nodeId)),
      }) as unknown as BrokerConnection;
    const link = {
      knownBrokers: [],
      updateBrokers: () => undefined,
      openConnection: open,
      connect: (nodeId: number) => Promise.resolve(open(nodeId)),
      connectAny: () => Promise.resolve(open(0)),
    };
    return new CoordinatorClient({
      link: link as unknown as ClusterLink,
      config: { requestTimeoutMs: 1_000 },
      keyType: GROUP_COORDINATOR,
      key: 'g',
      knownBrokers: () => [],
    });
  }

  private answer(key: number, nodeId: number): object {
    if (key === findCoordinatorApi.key) {
      return { errorCode: 0, errorMessage: null, nodeId: this.elected, host: `broker-${this.elected}`, port: 9092 };
    }
    this.asked.push(nodeId);
    return { throttleTimeMs: 0, errorCode: 0 };
  }
}

describe('CoordinatorClient', () => {
  const call = { api: heartbeatApi, request: REQUEST, errorCode };

  it('looks the coordinator up again until the answer of one counts', async () => {
    const cluster = new Cluster();
    const accepts = (nodeId: number): boolean => {
      cluster.elected++;
      return nodeId === 3;
    };
    await cluster.client().call({ ...call, accepts, deadline: Date.now() + 5_000 });
    expect(cluster.asked).toEqual([1, 2, 3]);
  });

  it('gives up at the deadline when no answer counts', async () => {
    const cluster = new Cluster();
    const calling = cluster.client().call({ ...call, accepts: () => false, deadline: Date.now() + 50 });
    await expect(calling).rejects.toThrow(/Heartbeat for g had no success within its limit.*NOT_COORDINATOR/s);
  });

  it('goes to the broker that it was told of', async () => {
    const cluster = new Cluster();
    const client = cluster.client();
    client.prefer(7);
    await client.call({ ...call, deadline: Date.now() + 5_000 });
    expect(cluster.asked).toEqual([7]);
  });

  it('tells which broker has answered', async () => {
    const cluster = new Cluster();
    cluster.elected = 5;
    const answered: number[] = [];
    await cluster.client().once({ ...call, timeoutMs: 1_000, onAnswer: (nodeId) => answered.push(nodeId) });
    expect(answered).toEqual([5]);
  });
});
