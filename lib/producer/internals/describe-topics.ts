import { askHedged } from '../../wire/ask-hedged.js';
import type { BrokerConnection } from '../../wire/broker-connection.js';
import { BrokerResponseError } from '../../wire/broker-response-error.js';
import type { ClusterLink } from '../../wire/cluster-link.js';
import type { TopicMetadata } from '../../wire/cluster-metadata.js';
import { KafkaError } from '../../wire/kafka-error.js';
import {
  ConfigResourceType,
  describeConfigsApi,
  type DescribeConfigsRequest,
  type DescribedResource,
} from '../../wire/protocol/describe-configs.js';
import { metadataApi } from '../../wire/protocol/metadata.js';
import { messageOf } from '../../wire/message-of.js';
import type { TopicDescription } from '../producer-engine-api.js';
import { ClusterTopic } from './cluster-topic.js';

/** What topics are asked over, and about. */
export interface DescribeTopicsRequest {
  readonly link: ClusterLink;
  readonly requestTimeoutMs: number;
  readonly topics: readonly string[];
  /** Settings that are wanted. */
  readonly configs: readonly string[];
}

/** Replicas and settings of topics, by one broker. Creates none. @throws what the connection or the broker gave */
export async function describeTopics(request: DescribeTopicsRequest): Promise<readonly TopicDescription[]> {
  if (request.topics.length === 0) return [];
  return askHedged(request.link, (connection) => ask(connection, request));
}

async function ask(
  connection: BrokerConnection,
  { configs, requestTimeoutMs, topics }: DescribeTopicsRequest,
): Promise<readonly TopicDescription[]> {
  const resources = topics.map((name) => ({ type: ConfigResourceType.TOPIC, name, keys: configs }));
  const [metadata, described] = await Promise.all([
    connection.send(metadataApi, { topics, allowAutoTopicCreation: false }, requestTimeoutMs),
    configs.length === 0 ? [] : askConfigs(connection, { resources }, requestTimeoutMs),
  ]);
  return topics.map((topic) => {
    const told = metadata.topics.find(({ name }) => name === topic);
    const resource = described.find(({ name }) => name === topic);
    return {
      topic,
      partitions: partitionsOf(topic, told),
      configs: resource?.errorCode === 0 ? valuesOf(resource) : null,
      error: errorOf(told, 'Metadata') ?? errorOf(resource, 'DescribeConfigs'),
    };
  });
}

/** A broker that closes the connection instead of refusing would be asked for ever, so what it said is handed on. */
async function askConfigs(
  connection: BrokerConnection,
  request: DescribeConfigsRequest,
  timeoutMs: number,
): Promise<readonly DescribedResource[]> {
  try {
    return (await connection.send(describeConfigsApi, request, timeoutMs)).resources;
  } catch (error) {
    if (error instanceof KafkaError && error.retriable) throw error;
    const errorMessage = messageOf(error);
    return request.resources.map(({ type, name }) => ({ errorCode: -1, errorMessage, type, name, configs: [] }));
  }
}

function partitionsOf(topic: string, told: TopicMetadata | undefined): TopicDescription['partitions'] {
  const known = new ClusterTopic(topic, 0);
  if (told !== undefined && told.errorCode === 0) known.update(told);
  return known.partitionInfos;
}

function valuesOf({ configs }: DescribedResource): ReadonlyMap<string, string | null> {
  return new Map(configs.map(({ name, value }) => [name, value]));
}

function errorOf(
  answer: { readonly errorCode: number; readonly name: string; readonly errorMessage?: string | null } | undefined,
  api: string,
): string | null {
  if (answer === undefined || answer.errorCode === 0) return null;
  const { errorCode, errorMessage, name } = answer;
  return new BrokerResponseError(errorCode, { api, topic: name, detail: errorMessage }).message;
}
