/** The topic of what was given as a record, for a message about it; empty if it is none, or cannot be read. */
export function topicOf(record: unknown): string {
  try {
    const topic: unknown =
      typeof record === 'object' && record !== null && 'topic' in record ? record.topic : undefined;
    return typeof topic === 'string' ? topic : '';
  } catch {
    // A getter or a Proxy that throws: whoever reads it for real reports it.
    return '';
  }
}
