// `instanceof Error` would not do: Jest runs tests in a realm of their own, where Node's errors belong to another `Error`.

/** The message of anything thrown. */
export function messageOf(thrown: unknown): string {
  const message = propertyOf(thrown, 'message');
  return typeof message === 'string' ? message : String(thrown);
}

/** Node's error code (`ENOENT`), if it has one. */
export function codeOf(thrown: unknown): string | undefined {
  const code = propertyOf(thrown, 'code');
  return typeof code === 'string' ? code : undefined;
}

function propertyOf(thrown: unknown, name: 'message' | 'code'): unknown {
  return typeof thrown === 'object' && thrown !== null ? Reflect.get(thrown, name) : undefined;
}
