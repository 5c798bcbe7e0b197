/** What a value is, for an error message: its kind, never its content. */
export function typeName(data: unknown): string {
  if (data === null || data === undefined) return String(data);
  if (typeof data !== 'object') return typeof data;
  const name: unknown = Object.getPrototypeOf(data)?.constructor?.name;
  return typeof name === 'string' && name !== '' && name !== 'Object' ? `${name} object` : 'object';
}
