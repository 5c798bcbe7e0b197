import type { LogSink } from '../../wire/log-sink.js';

/** A topic may be made with the first look at it, so it is missed when it is not there at the next ones. */
const LOOKS_BEFORE_WARNING = 3;

/** Tells once of topics that are to be read and do not exist: usually their names are wrong. */
export class MissingTopics {
  private looks = new Map<string, number>();

  public constructor(
    private readonly groupId: string,
    private readonly log: LogSink,
  ) {}

  /** @param topics that the last answer did not have */
  public look(topics: readonly string[]): void {
    const looks = new Map<string, number>();
    for (const topic of topics) {
      const count = (this.looks.get(topic) ?? 0) + 1;
      looks.set(topic, count);
      if (count === LOOKS_BEFORE_WARNING) {
        this.log.warn(
          `The topic '${topic}' that the group '${this.groupId}' reads does not exist. Its listeners wait for it: create it, or check its name.`,
        );
      }
    }
    this.looks = looks;
  }
}
