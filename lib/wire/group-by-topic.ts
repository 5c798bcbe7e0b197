/** Puts what concerns partitions below their topics, as requests want it. */
export function groupByTopic<Item extends { readonly topic: string }, Partition>(
  items: Iterable<Item>,
  toPartition: (item: Item) => Partition,
): { readonly name: string; readonly partitions: Partition[] }[] {
  const topics = new Map<string, { readonly name: string; readonly partitions: Partition[] }>();
  for (const item of items) {
    const topic = topics.get(item.topic);
    if (topic === undefined) topics.set(item.topic, { name: item.topic, partitions: [toPartition(item)] });
    else topic.partitions.push(toPartition(item));
  }
  return [...topics.values()];
}

/** The partitions of an answer by topic and number: they come in any order, and some may be missing. */
export function byTopicAndIndex<Partition extends { readonly index: number }>(
  topics: readonly { readonly name: string; readonly partitions: readonly Partition[] }[],
): (wanted: { readonly topic: string; readonly partition: number }) => Partition | undefined {
  const found = new Map(topics.map(({ name, partitions }) => [name, new Map(partitions.map((p) => [p.index, p]))]));
  return ({ topic, partition }) => found.get(topic)?.get(partition);
}
