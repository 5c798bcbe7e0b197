import { Injectable } from '@nestjs/common';
import type { Deserializer } from './deserializer.js';
import { toText } from './to-text.js';

/** UTF-8 as text (Kafka's `StringDeserializer`, but bytes that are not UTF-8 fail instead of being replaced). */
@Injectable()
export class StringDeserializer implements Deserializer<string> {
  public deserialize(topic: string, bytes: Buffer): string {
    return toText(topic, bytes);
  }
}
