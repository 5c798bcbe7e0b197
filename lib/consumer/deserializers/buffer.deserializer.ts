import { Injectable } from '@nestjs/common';
import type { Deserializer } from './deserializer.js';

/** The bytes (Kafka's `ByteArrayDeserializer`), as a copy: change it or keep it as you like, the record is not touched. */
@Injectable()
export class BufferDeserializer implements Deserializer<Buffer> {
  public deserialize(_topic: string, bytes: Buffer): Buffer {
    return Buffer.from(bytes);
  }
}
