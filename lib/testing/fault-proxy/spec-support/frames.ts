/** A request as the specs write it, independent of the code that reads it. */
export interface RequestParts {
  apiKey: number;
  apiVersion: number;
  correlationId: number;
  clientId?: string | null;
  /** Includes the header's tag section where the version is flexible. */
  body?: Buffer;
}

export function requestBytes({ apiKey, apiVersion, correlationId, clientId = 'spec', body }: RequestParts): Buffer {
  const id = clientId === null ? Buffer.alloc(0) : Buffer.from(clientId);
  const header = Buffer.alloc(10);
  header.writeInt16BE(apiKey, 0);
  header.writeInt16BE(apiVersion, 2);
  header.writeInt32BE(correlationId, 4);
  header.writeInt16BE(clientId === null ? -1 : id.length, 8);
  return sized(Buffer.concat([header, id, body ?? Buffer.alloc(0)]));
}

/** The bytes with their length before them. */
export function sized(bytes: Buffer): Buffer {
  const size = Buffer.alloc(4);
  size.writeInt32BE(bytes.length);
  return Buffer.concat([size, bytes]);
}

/** Bytes from hexadecimal digits; spaces are for the reader. */
export function hex(digits: string): Buffer {
  return Buffer.from(digits.replace(/\s/g, ''), 'hex');
}

/** Collects a stream's frames, without their size prefix. */
export class FrameCollector {
  private buffered = Buffer.alloc(0);

  public push(chunk: Buffer): Buffer[] {
    this.buffered = Buffer.concat([this.buffered, chunk]);
    const frames: Buffer[] = [];
    while (this.buffered.length >= 4 && this.buffered.length >= 4 + this.buffered.readInt32BE(0)) {
      const end = 4 + this.buffered.readInt32BE(0);
      frames.push(this.buffered.subarray(4, end));
      this.buffered = this.buffered.subarray(end);
    }
    return frames;
  }
}

/** Waits for a condition, not longer than the limit. */
export async function until(condition: () => boolean, what: string, limitMs = 5_000): Promise<void> {
  const limit = performance.now() + limitMs;
  while (!condition()) {
    if (performance.now() > limit) throw new Error(`Waited ${limitMs} ms in vain until ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** Deterministic numbers from 0 to below 1 (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
