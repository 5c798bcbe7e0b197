import { describe, expect, it } from '@jest/globals';
import { formatProperties, serverProperties, type BrokerPlan, type ClusterPlan } from './server-properties.js';

function brokerPlan(nodeId: number): BrokerPlan {
  const host = '127.0.0.1';
  return {
    nodeId,
    controllerHost: host,
    controllerPort: 20_100 + nodeId,
    internal: null,
    listeners: new Map([
      ['plaintext', { host, port: 20_200 + nodeId, advertisedPort: 20_200 + nodeId }],
      ['sasl_ssl', { host, port: 20_300 + nodeId, advertisedPort: 20_300 + nodeId }],
      ['fault1', { host, port: 20_400 + nodeId, advertisedPort: 20_500 + nodeId }],
    ]),
  };
}

function clusterPlan(brokers: number, changes: Partial<ClusterPlan> = {}): ClusterPlan {
  return {
    brokers: Array.from({ length: brokers }, (_, i) => brokerPlan(i + 1)),
    profile: 'test',
    users: [
      { mechanism: 'plain', username: 'alice', password: 'a-secret' },
      { mechanism: 'scram-sha-256', username: 'bob', password: 'b-secret' },
    ],
    keystore: { path: '/cache/keystore.p12', password: 'p' },
    bindHost: '127.0.0.1',
    overrides: {},
    ...changes,
  };
}

describe('serverProperties', () => {
  it('names all controllers as voters and gives each broker its own listeners', () => {
    const properties = serverProperties(clusterPlan(3), brokerPlan(2), '/data');
    expect(properties).toMatchObject({
      'node.id': '2',
      'controller.quorum.voters': '1@127.0.0.1:20101,2@127.0.0.1:20102,3@127.0.0.1:20103',
      listeners:
        'CONTROLLER://127.0.0.1:20102,PLAINTEXT://127.0.0.1:20202,SASL_SSL://127.0.0.1:20302,FAULT1://127.0.0.1:20402',
      'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SASL_SSL:SASL_SSL,FAULT1:PLAINTEXT',
    });
  });

  it('sends clients of a fault listener to the proxy', () => {
    const properties = serverProperties(clusterPlan(1), brokerPlan(1), '/data');
    expect(properties['advertised.listeners']).toContain('FAULT1://127.0.0.1:20501');
  });

  it.each([
    [1, '1', '1'],
    [3, '3', '2'],
  ])('lets %i broker(s) create the internal topics', (brokers, replicas, minimumInSync) => {
    expect(serverProperties(clusterPlan(brokers), brokerPlan(1), '/data')).toMatchObject({
      'offsets.topic.replication.factor': replicas,
      'transaction.state.log.replication.factor': replicas,
      'transaction.state.log.min.isr': minimumInSync,
      'min.insync.replicas': minimumInSync,
    });
  });

  it('lists the PLAIN users on SASL listeners only, and SCRAM passwords nowhere', () => {
    const properties = serverProperties(clusterPlan(1), brokerPlan(1), '/data');
    expect(properties['listener.name.sasl_ssl.plain.sasl.jaas.config']).toContain('user_alice="a-secret"');
    expect(Object.keys(properties).filter((key) => key.startsWith('listener.name.plaintext'))).toEqual([]);
    expect(JSON.stringify(properties)).not.toContain('b-secret');
  });

  it('replicates over the internal listener where there is one', () => {
    const broker = { ...brokerPlan(1), internal: { host: 'container', port: 19_092 } };
    expect(serverProperties(clusterPlan(1, { bindHost: '0.0.0.0' }), broker, '/data')).toMatchObject({
      'inter.broker.listener.name': 'INTERNAL',
      listeners: expect.stringContaining('INTERNAL://0.0.0.0:19092'),
      'advertised.listeners': expect.stringContaining('INTERNAL://container:19092'),
    });
  });

  it('puts the given properties over its own, and leaves the short timeouts out of benchmarks', () => {
    const overrides = { 'min.insync.replicas': '7' };
    const properties = serverProperties(clusterPlan(3, { overrides, profile: 'bench' }), brokerPlan(1), '/data');
    expect(properties['min.insync.replicas']).toBe('7');
    expect(properties['broker.session.timeout.ms']).toBeUndefined();
  });
});

describe('formatProperties', () => {
  it('keeps backslashes, as in the paths of Windows', () => {
    expect(formatProperties({ 'log.dirs': 'C:\\kafka\\data' })).toBe('log.dirs=C:\\\\kafka\\\\data\n');
  });
});
