import type { CompressionCodec } from './compression/compression-codec.js';
import { compressionTypeOf } from './compression/compression-type-ids.js';
import { loadCompressionCodec } from './compression/load-compression-codec.js';
import { ATTRIBUTES_OFFSET, COMPRESSION_CODEC_MASK, LENGTH_OFFSET, LOG_OVERHEAD_BYTES } from './record-batch-format.js';

/** The codecs that fetched batches need, each loaded when the first batch of its kind comes. */
export class DecompressionCodecs {
  private readonly codecs: CompressionCodec[] = [];
  private readonly loading = new Map<number, Promise<void>>();

  public constructor(private readonly load: typeof loadCompressionCodec = loadCompressionCodec) {}

  /** Those that are loaded. */
  public get loaded(): readonly CompressionCodec[] {
    return this.codecs;
  }

  /**
   * Makes ready what the batches need.
   * @returns null when all of it is: the usual case, which costs no turn of the event loop
   * @throws (as a rejection) CompressionCodecUnavailableError naming the package to install; asked again, it is tried again
   */
  public prepare(batches: Buffer): Promise<void> | null {
    const missing = this.missing(batches);
    return missing.size === 0 ? null : Promise.all([...missing].map((id) => this.loadOnce(id))).then(() => undefined);
  }

  private missing(batches: Buffer): ReadonlySet<number> {
    const missing = new Set<number>();
    let position = 0;
    while (batches.length - position > ATTRIBUTES_OFFSET + 1) {
      const id = (batches[position + ATTRIBUTES_OFFSET + 1] ?? 0) & COMPRESSION_CODEC_MASK;
      if (id !== 0 && !this.has(id)) missing.add(id);
      // What is not a length shows when the batches are read.
      position += LOG_OVERHEAD_BYTES + Math.max(0, batches.readInt32BE(position + LENGTH_OFFSET));
    }
    return missing;
  }

  private has(id: number): boolean {
    return this.codecs.some((codec) => codec.id === id);
  }

  private loadOnce(id: number): Promise<void> {
    const running = this.loading.get(id);
    if (running !== undefined) return running;
    const type = compressionTypeOf(id);
    if (type === undefined) return Promise.resolve();
    const started = this.load(type, null)
      .then((codec) => {
        this.codecs.push(codec);
      })
      .finally(() => this.loading.delete(id));
    this.loading.set(id, started);
    return started;
  }
}
