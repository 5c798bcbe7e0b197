/**
 * A key or value that is serialized already: it goes past the producer's serializer as it is. For records that are passed on byte for byte, whatever the producer
 * is set up for. Interceptors, and partitioners of your own, see it in place of the key or value.
 */
export class RawBytes {
  /** @param bytes not copied: leave them alone until `send` has returned its promise */
  public constructor(public readonly bytes: Uint8Array) {}
}
