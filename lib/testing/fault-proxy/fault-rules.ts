import type { LogSink } from '../../wire/log-sink.js';
import type { FaultDefinition, FaultPhase } from './fault.js';
import { FaultRule } from './fault-rule.js';
import type { KafkaFrame } from './kafka-frame.js';

/** The rules in force, in the order they were defined. */
export class FaultRules {
  private rules: FaultRule[] = [];
  private readonly log: LogSink;

  public constructor(log: LogSink) {
    this.log = log;
  }

  public add(definition: FaultDefinition): FaultRule {
    const rule = new FaultRule(definition, this.log, (ended) => {
      this.rules = this.rules.filter((other) => other !== ended);
    });
    this.rules.push(rule);
    return rule;
  }

  /** The first rule that fires on the frame; every rule counts it. */
  public pick(frame: KafkaFrame, phase: FaultPhase, nodeId: number): FaultRule | undefined {
    let picked: FaultRule | undefined;
    for (const rule of this.rules) {
      try {
        if (rule.offer(frame, phase, nodeId, picked !== undefined)) picked = rule;
      } catch (error) {
        rule.fail(error);
      }
    }
    return picked;
  }

  public clear(): void {
    for (const rule of this.rules) rule.remove();
  }
}
