import { KafkaRetriableException, type MessageHandler, RpcException } from '@nestjs/microservices';
import { isObservable, type Observable } from 'rxjs';
import type { ConsumedRecord } from '../consumed-record.js';
import { type DecodedParts, decodeParts, type RecordDeserializers } from '../deserializers/decode-record.js';
import type { HandlerCall, RecordHandler } from '../listener-definition.js';
import { UnhandledBatchError } from '../unhandled-batch-error.js';
import type { ErrorWitness } from './error-witness.js';
import { KafkaContext, type KafkaContextFacades } from './kafka-context.js';
import { type ReplyAddress, replyAddress, type ReplyPacket } from './reply-publisher.js';
import { streamReply } from './reply-stream.js';
import { subscribeUntil } from './subscribe-until.js';
import type { WitnessedCall } from './witnessed-call.js';

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
  /** null while nobody has set any. */
  readonly hooks: () => ProcessingHooks | null;
}

/** Calls a handler of Nest for records, and waits for all that it does: its promise, its Observable, its reply. */
export function createRecordHandler(parts: NestRecordHandlerParts): RecordHandler {
  return (call) => handleRecords(parts, call);
}

async function handleRecords(parts: NestRecordHandlerParts, call: HandlerCall): Promise<void> {
  const decoded = decode(parts, call.records);
  const [record] = decoded;
  const [source] = call.records;
  if (record === undefined || source === undefined) return;
  const context = new KafkaContext(call, decoded, parts.facades);
  const payload = parts.isBatch ? decoded.map(({ value }) => value) : record.value;
  const address = parts.isEventHandler ? null : replyAddress(source);
  const handle = (): Promise<void> =>
    address === null ? handleEvent(parts, payload, context) : handleRequest(parts, address, payload, context);
  const hooks = parts.hooks();
  await (hooks === null ? handle() : hooks(context, handle));
}

function decode(
  { deserializers, isBatch }: NestRecordHandlerParts,
  records: readonly ConsumedRecord[],
): DecodedParts[] {
  return records.map((record, index) => {
    try {
      return decodeParts(record, deserializers);
    } catch (error) {
      throw isBatch ? new UnhandledBatchError(index, error) : error;
    }
  });
}

async function handleEvent(
  { callback, witness }: NestRecordHandlerParts,
  payload: unknown,
  context: KafkaContext,
): Promise<void> {
  const call = witness.begin();
  try {
    const result: unknown = await callback(payload, context);
    if (isObservable(result)) await completed(result, context.signal);
  } catch (error) {
    throw originalError(error, call);
  } finally {
    call.end();
  }
}

async function handleRequest(
  parts: NestRecordHandlerParts,
  address: ReplyAddress,
  payload: unknown,
  context: KafkaContext,
): Promise<void> {
  const call = parts.witness.begin();
  try {
    await answer(parts, address, call, payload, context);
  } finally {
    call.end();
  }
}

async function answer(
  { callback, publish }: NestRecordHandlerParts,
  address: ReplyAddress,
  call: WitnessedCall,
  payload: unknown,
  context: KafkaContext,
): Promise<void> {
  const send = (packet: ReplyPacket): Promise<void> => publish(address, packet);
  const isForRetry = (error: unknown): boolean => originalError(error, call) instanceof KafkaRetriableException;
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
}

/** Nest's filters give errors as plain objects. What they were made of tells more: its class, its stack, its cause. */
function originalError(error: unknown, call: WitnessedCall): unknown {
  if (error instanceof Error) return error;
  const original = call.original(error);
  if (original !== error) return original;
  return new RpcException(typeof error === 'object' && error !== null ? error : String(error));
}

/** An Observable without a value is as good as one with many. */
function completed(values: Observable<unknown>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    subscribeUntil(values, signal, { onEnd: resolve, onError: reject, onAborted: reject });
  });
}
