import type { RecordMetadata } from '../../producer/record.js';
import type { Output } from '../common/output.js';
import { jsonOffset } from '../records/json-record.js';

export type ReportFormat = 'text' | 'json' | 'quiet';

const CHUNK_LENGTH = 16_384;

/** Prints where records are stored, a line each. In a transaction only after its commit: what is printed is there. */
export class DeliveryReport {
  private text = '';
  private held: string[] = [];
  private isHolding = false;
  private isFlushDue = false;
  private writing: Promise<void> = Promise.resolve();

  public constructor(
    private readonly output: Pick<Output, 'write'>,
    private readonly format: ReportFormat,
  ) {}

  public delivered(line: number, metadata: RecordMetadata): void {
    if (this.format === 'quiet') return;
    this.text += this.format === 'json' ? jsonLine(line, metadata) : textLine(metadata);
    if (this.isHolding) this.keepAside();
    else this.flushSoon();
  }

  /** From now on nothing is printed. */
  public hold(): void {
    this.isHolding = true;
  }

  /** Prints what was held back. */
  public async release(): Promise<void> {
    this.isHolding = false;
    const held = this.held.splice(0);
    for (const chunk of held) await this.output.write(chunk);
    await this.flush();
  }

  /** Forgets what was held back. */
  public drop(): void {
    this.isHolding = false;
    this.held = [];
    this.text = '';
  }

  /** Prints what there is; resolves when there is room for more. */
  public flush(): Promise<void> {
    const { text } = this;
    if (this.isHolding || text === '') return this.writing;
    this.text = '';
    this.writing = this.writing.then(() => this.output.write(text));
    return this.writing;
  }

  /** Few large texts instead of many small ones. */
  private keepAside(): void {
    if (this.text.length < CHUNK_LENGTH) return;
    this.held.push(this.text);
    this.text = '';
  }

  private flushSoon(): void {
    if (this.isFlushDue) return;
    this.isFlushDue = true;
    setImmediate(() => {
      this.isFlushDue = false;
      void this.flush();
    });
  }
}

function textLine({ offset, partition, topic }: RecordMetadata): string {
  return `${topic}-${partition}@${offset}\n`;
}

function jsonLine(line: number, { offset, partition, timestamp, topic }: RecordMetadata): string {
  return `${JSON.stringify({ line, topic, partition, offset: jsonOffset(offset), timestamp })}\n`;
}
