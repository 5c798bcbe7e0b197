import { Injectable } from '@nestjs/common';
import { DeserializationError } from './deserialization-error.js';
import type { Deserializer } from './deserializer.js';
import { toText } from './to-text.js';

/** `JSON.parse` of UTF-8. What is not JSON fails; nothing stays text because it looks like text. Dates stay ISO 8601 text. */
@Injectable()
export class JsonDeserializer implements Deserializer {
  public deserialize(topic: string, bytes: Buffer): unknown {
    const text = toText(topic, bytes);
    try {
      return JSON.parse(text);
    } catch (error) {
      throw new DeserializationError(`It is not JSON${where(error, text)}.`, { topic });
    }
  }
}

/** Neither V8's message nor the error itself may go on: both quote what is in the record. */
function where(error: unknown, text: string): string {
  if (text === '') return ', but empty';
  const message = error instanceof Error ? error.message : '';
  const position = /\bat position (\d+)/.exec(message)?.[1];
  if (position !== undefined) return `, from character ${position} on`;
  return message.startsWith('Unexpected end') ? ', or it is cut off' : '';
}
