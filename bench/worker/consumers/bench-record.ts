/** The value of a record, as JSON: Nest's own transport guesses that it is, ours is told. */
export interface BenchRecord {
  /** From 0. */
  readonly id: number;
  readonly text: string;
}

/**
 * A value of so many bytes, whatever its id.
 * @param letters ASCII, at least as long as the value
 * @throws RangeError when there is no room for the id
 */
export function encodeRecord(id: number, letters: string, valueBytes: number): string {
  const room = valueBytes - JSON.stringify({ id, text: '' }).length;
  if (room < 0) throw new RangeError(`A value of ${valueBytes} bytes has no room for the id ${id}.`);
  const record: BenchRecord = { id, text: letters.slice(0, room) };
  return JSON.stringify(record);
}
