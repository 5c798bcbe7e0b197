import type { Output } from '../common/output.js';
import { LEFT_BECAUSE, type LeftReason } from './replay-decision.js';

/** What a replay has sent, or would send, and what it has left. */
export class ReplayCounts {
  private readonly sent = new Map<string, number>();
  private readonly left = new Map<LeftReason, number>();

  /** Records that are sent. */
  public get total(): number {
    return [...this.sent.values()].reduce((sum, count) => sum + count, 0);
  }

  public get topics(): readonly string[] {
    return [...this.sent.keys()];
  }

  public addSent(topic: string, count = 1): void {
    this.sent.set(topic, (this.sent.get(topic) ?? 0) + count);
  }

  public addLeft(reason: LeftReason, count = 1): void {
    this.left.set(reason, (this.left.get(reason) ?? 0) + count);
  }

  /** Takes over what another one has counted. */
  public add(other: ReplayCounts): void {
    for (const [topic, count] of other.sent) this.addSent(topic, count);
    for (const [reason, count] of other.left) this.addLeft(reason, count);
  }

  public toJson(): Record<string, unknown> {
    return {
      sent: [...this.sent].map(([topic, records]) => ({ topic, records })),
      left: [...this.left].map(([reason, records]) => ({ reason, records })),
    };
  }

  /** @param verb what happens to records that are sent */
  public async print(output: Output, verb: string): Promise<void> {
    await output.table(
      [{ title: 'RECORDS', align: 'right' }, { title: 'ACTION' }, { title: 'WHERE OR WHY' }],
      [
        ...[...this.sent].map(([topic, count]) => [count, verb, topic] as const),
        ...[...this.left].map(([reason, count]) => [count, 'left', LEFT_BECAUSE[reason]] as const),
      ],
    );
  }
}
