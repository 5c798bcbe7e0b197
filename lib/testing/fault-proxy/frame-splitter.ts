import { RawFrame } from './raw-frame.js';

/** Above every broker's `socket.request.max.bytes`, and below what the first bytes of a TLS handshake look like as a size. */
const MAX_FRAME_BYTES = 256 * 1024 * 1024;
const SIZE_BYTES = 4;

/**
 * Cuts a byte stream into size-prefixed frames, wherever the chunks begin and end. A size that no Kafka peer sends means
 * that the stream is something else (TLS, garbage): from there on everything is handed back uncut.
 */
export class FrameSplitter {
  private pieces: Buffer[] = [];
  private sizeBytes = 0;
  private size = 0;
  private missing = 0;
  private opaque = false;

  /** Returns what became complete: frames, or loose bytes once the stream has turned out not to be Kafka's. */
  public push(chunk: Buffer): (RawFrame | Buffer)[] {
    const complete: (RawFrame | Buffer)[] = [];
    let offset = 0;
    while (offset < chunk.length && !this.opaque) {
      offset = this.take(chunk, offset);
      if (this.sizeBytes === SIZE_BYTES && this.missing === 0) {
        complete.push(new RawFrame(this.pieces));
        this.pieces = [];
        this.sizeBytes = 0;
        this.size = 0;
      }
    }
    if (!this.opaque) return complete;
    complete.push(...this.pieces, chunk.subarray(offset));
    this.pieces = [];
    return complete.filter((part) => part.length > 0);
  }

  /** Bytes of a frame that has not arrived whole. */
  public remainder(): Buffer[] {
    return this.pieces;
  }

  private take(chunk: Buffer, start: number): number {
    let offset = start;
    while (this.sizeBytes < SIZE_BYTES && offset < chunk.length) {
      this.size = (this.size << 8) | chunk.readUInt8(offset);
      this.sizeBytes += 1;
      offset += 1;
      if (this.sizeBytes === SIZE_BYTES) {
        this.missing = this.size;
        this.opaque = this.size < 0 || this.size > MAX_FRAME_BYTES;
      }
    }
    if (this.sizeBytes === SIZE_BYTES && !this.opaque) {
      const length = Math.min(this.missing, chunk.length - offset);
      offset += length;
      this.missing -= length;
    }
    this.pieces.push(chunk.subarray(start, offset));
    return offset;
  }
}
