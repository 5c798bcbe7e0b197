import { KafkaRetriableException, type MessageHandler, RpcException } from '@nestjs/microservices';
import { isObservable, type Observable } from 'rxjs';
import { BatchRecordError } from '../batch-record-error.js';
import type { ConsumedRecord } from '../consumed-record.js';
import { type DecodedRecord, decodeRecord, type RecordDeserializers } from '../deserializers/decode-record.js';
import type { HandlerCall, RecordHandler } from '../listener-definition.js';
import type { ErrorWitness, WitnessedCall } from './error-witness.js';
import { KafkaContext, type KafkaContextFacades } from './kafka-context.js';
import { type ReplyAddress, replyAddress, type ReplyPacket } from './reply-publisher.js';
import { streamReply } from './reply-stream.js';
import { subscribeUntil } from './subscribe-until.js';

/** Runs the work between the hooks that Nest's users may set on a transport. */
export type ProcessingHooks = (context: KafkaContext, work: () => Promise<void>) => Promise<void>;

/** What a handler of Nest needs to become one of a listener. */
export interface NestRecordHandlerParts {
  /** With guards, pipes, interceptors and filters around it. */
  readonly callback: MessageHandler;
  /** false: it answers requests. */
  readonly isEventHandler: boolean;
  readonly isBatch: boolean;
  readonly deserializers: RecordDeserializers;
  readonly witness: ErrorWitness;
  readonly facades: KafkaContextFacades;
  /** Resolves when the message is stored. */
  readonly publish: (address: ReplyAddress, packet: ReplyPacket) => Promise<void>;
  readonly hooks: ProcessingHooks;
}

/** Calls a handler of Nest for records, and waits for all that it does: its promise, its Observable, its reply. */
export function createRecordHandler(parts: NestRecordHandlerParts): RecordHandler {
  return (call) => handleRecords(parts, call);
}

async function handleRecords(parts: NestRecordHandlerParts, call: HandlerCall): Promise<void> {
  const records = decode(parts, call.records);
  const [record] = records;
  const [source] = call.records;
  if (record === undefined || source === undefined) return;
  const context = new KafkaContext(call, records, parts.facades);
  const payload = parts.isBatch ? records.map(({ value }) => value) : record.value;
  const address = parts.isEventHandler ? null : replyAddress(source);
  await parts.hooks(context, () =>
    address === null ? handleEvent(parts, payload, context) : handleRequest(parts, address, payload, context),
  );
}

function decode(
  { deserializers, isBatch }: NestRecordHandlerParts,
  records: readonly ConsumedRecord[],
): DecodedRecord[] {
  return records.map((record, index) => {
    try {
      return decodeRecord(record, deserializers);
    } catch (error) {
      throw isBatch ? new BatchRecordError(index, error) : error;
    }
  });
}

function handleEvent(
  { callback, witness }: NestRecordHandlerParts,
  payload: unknown,
  context: KafkaContext,
): Promise<void> {
  const call: WitnessedCall = { seen: null };
  return witness.watch(call, async () => {
    try {
      const result: unknown = await callback(payload, context);
      if (isObservable(result)) await completed(result, context.signal);
    } catch (error) {
      throw originalError(error, call);
    }
  });
}

function handleRequest(
  { callback, publish, witness }: NestRecordHandlerParts,
  address: ReplyAddress,
  payload: unknown,
  context: KafkaContext,
): Promise<void> {
  const call: WitnessedCall = { seen: null };
  const send = (packet: ReplyPacket): Promise<void> => publish(address, packet);
  const isForRetry = (error: unknown): boolean => originalError(error, call) instanceof KafkaRetriableException;
  return witness.watch(call, async () => {
    let result: unknown;
    try {
      result = await callback(payload, context);
    } catch (error) {
      if (isForRetry(error)) throw originalError(error, call);
      return send({ error: { value: error }, isDisposed: true });
    }
    if (!isObservable(result)) return send({ response: result, isDisposed: true });
    const end = await streamReply(result, send, isForRetry, context.signal);
    if (end !== null && isForRetry(end.error)) throw originalError(end.error, call);
  });
}

/** Nest's filters give errors as plain objects. What they were made of tells more: its class, its stack, its cause. */
function originalError(error: unknown, { seen }: WitnessedCall): unknown {
  if (error instanceof Error) return error;
  if (seen !== null) return seen.error;
  return new RpcException(typeof error === 'object' && error !== null ? error : String(error));
}

/** An Observable without a value is as good as one with many. */
function completed(values: Observable<unknown>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    subscribeUntil(values, signal, { onEnd: resolve, onError: reject, onAborted: reject });
  });
}
