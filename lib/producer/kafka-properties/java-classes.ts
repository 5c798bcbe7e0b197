import type { Type } from '@nestjs/common';
import { ConfigError } from '../errors.js';
import type { Partitioner } from '../partitioners/partitioner.js';
import { DefaultPartitioner } from '../partitioners/default.partitioner.js';
import { RoundRobinPartitioner } from '../partitioners/round-robin.partitioner.js';
import { UniformStickyPartitioner } from '../partitioners/uniform-sticky.partitioner.js';
import { SERIALIZER_NAMES, type SerializerName } from '../serializers/named-serializers.js';
import { listProperty, textProperty } from './property-values.js';

const SERIALIZERS: ReadonlyMap<string, SerializerName> = new Map([
  ['StringSerializer', 'string'],
  ['UUIDSerializer', 'string'],
  ['ByteArraySerializer', 'buffer'],
  ['ByteBufferSerializer', 'buffer'],
  ['BytesSerializer', 'buffer'],
  ['IntegerSerializer', 'int32'],
  ['LongSerializer', 'int64'],
  ['DoubleSerializer', 'float64'],
]);

const PARTITIONERS = new Map<string, Type<Partitioner>>([
  ['org.apache.kafka.clients.producer.internals.DefaultPartitioner', DefaultPartitioner],
  ['org.apache.kafka.clients.producer.RoundRobinPartitioner', RoundRobinPartitioner],
  ['org.apache.kafka.clients.producer.UniformStickyPartitioner', UniformStickyPartitioner],
]);

const isPart = (value: unknown): boolean =>
  typeof value === 'function' || (typeof value === 'object' && value !== null);

/** `key.serializer`, `value.serializer`: a class of Kafka's by its Java name, one of our words, or a class or instance of the user's. */
export function serializerClass(name: string, value: unknown): unknown {
  if (isPart(value)) return value;
  const text = textProperty(name, value);
  const word = SERIALIZER_NAMES.find((known) => known === text);
  const ours = word ?? SERIALIZERS.get(text.replace(/^org\.apache\.kafka\.common\.serialization\./, ''));
  if (ours !== undefined) return ours;
  throw unknownClass(
    name,
    text,
    `one of ${[...SERIALIZERS.keys(), ...SERIALIZER_NAMES].join(', ')}, or a class that implements Serializer`,
  );
}

/** `partitioner.class`: one of Kafka's by its Java name, or a class or instance of the user's. */
export function partitionerClass(name: string, value: unknown): unknown {
  if (isPart(value)) return value;
  const text = textProperty(name, value);
  const ours = PARTITIONERS.get(text);
  if (ours !== undefined) return ours;
  throw unknownClass(
    name,
    text,
    `one of ${[...PARTITIONERS.keys()].join(', ')}, or a class that implements Partitioner`,
  );
}

/** `interceptor.classes`: classes or instances of the user's; a Java class cannot be loaded. */
export function interceptorClasses(name: string, value: unknown): unknown {
  const list = Array.isArray(value) || typeof value === 'string' ? listProperty(name, value) : [value];
  for (const entry of list) {
    if (!isPart(entry)) throw unknownClass(name, String(entry), 'classes that implement ProducerInterceptor');
  }
  return list;
}

function unknownClass(name: string, text: string, expected: string): ConfigError {
  return new ConfigError(`${name}: there is no '${text}' for Node. Give ${expected}.`, name, text, 'CLASS');
}
