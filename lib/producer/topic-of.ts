/** The topic of what was given as a record, for a message about it; empty if it is none. */
export function topicOf(record: unknown): string {
  const topic: unknown = typeof record === 'object' && record !== null && 'topic' in record ? record.topic : undefined;
  return typeof topic === 'string' ? topic : '';
}
