/** What is written about an error into a record. */
export interface ErrorDescription {
  readonly errorClass: string;
  readonly message: string;
  /** null for what has none. */
  readonly stack: string | null;
}

/** Describes whatever was thrown. Never throws. */
export function describeError(error: unknown): ErrorDescription {
  try {
    return {
      errorClass: classOf(error),
      message: messageOf(error),
      stack: error instanceof Error ? (error.stack ?? null) : null,
    };
  } catch {
    return { errorClass: typeof error, message: '', stack: null };
  }
}

/** The class, which tells more than `name`: that is inherited unless the class sets it. */
function classOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return error === null ? 'null' : typeof error;
  const name: unknown = error.constructor?.name;
  if (typeof name === 'string' && name !== '') return name;
  return error instanceof Error ? error.name : 'Object';
}

function messageOf(error: unknown): string {
  if (typeof error === 'string') return error;
  // Of anything else without a message the text would say no more than its class.
  return typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : '';
}
