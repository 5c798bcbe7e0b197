import type { InstrumentationChain } from '../instrumentation/instrumentation-chain.js';
import { copyRecord } from './copy-record.js';
import type { RecordSender } from './producer-transactions.js';
import type { DeliveryCallback, ProducerRecord, RecordMetadata } from './record.js';

/** Lets instrumentations see each record on its way to where it belongs, and what becomes of it. */
export class InstrumentedSender implements RecordSender {
  public readonly track?: (call: Promise<unknown>) => void;

  public constructor(
    private readonly sender: RecordSender,
    private readonly instrumentation: InstrumentationChain,
    private readonly clientId: string,
  ) {
    if (sender.track !== undefined) this.track = (call) => sender.track?.(call);
  }

  public send(offered: ProducerRecord): Promise<RecordMetadata> {
    const { clientId, instrumentation, sender } = this;
    // Only while the application comes up.
    if (!instrumentation.isReady) {
      const copy = copyRecord(offered);
      return instrumentation.ready.then(() => this.send(copy));
    }
    const { ended, record } = instrumentation.sendStarted({ clientId, record: offered });
    const sent = sender.send(record).then(
      (metadata) => {
        ended(metadata, null);
        return metadata;
      },
      (error: unknown) => {
        ended(null, error);
        throw error;
      },
    );
    // A transaction looks after what nobody awaits; outside of one it stays an unhandled rejection.
    if (sender.track !== undefined) sent.catch(() => undefined);
    return sent;
  }

  public sendWithCallback(offered: ProducerRecord, callback: DeliveryCallback): void {
    const { clientId, instrumentation } = this;
    if (!instrumentation.isReady) {
      const copy = copyRecord(offered);
      void instrumentation.ready.then(() => this.sendWithCallback(copy, callback));
      return;
    }
    const { ended, record } = instrumentation.sendStarted({ clientId, record: offered });
    this.sender.sendWithCallback(record, (error, metadata) => {
      ended(metadata, error);
      callback(error, metadata);
    });
  }

  public flush(): Promise<void> {
    const { instrumentation, sender } = this;
    return instrumentation.isReady ? sender.flush() : instrumentation.ready.then(() => sender.flush());
  }
}
