import { KafkaError } from '../kafka-error.js';
import type { CompressionType } from './compression-codec.js';

/** A compression codec needs a package that is not installed, or that does not load on this machine. */
export class CompressionCodecUnavailableError extends KafkaError {
  public readonly compression: CompressionType;
  /** The package to install. */
  public readonly packageName: string;

  public constructor(compression: CompressionType, packageName: string, reason: string, cause?: unknown) {
    super(
      `Compression ${compression} needs the package ${packageName}, which ${reason}: run \`npm install ${packageName}\`, or choose another compression`,
      { cause },
    );
    this.compression = compression;
    this.packageName = packageName;
  }
}
