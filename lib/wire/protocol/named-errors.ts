import { ProtocolReader } from './protocol-reader.js';

/** What became of one thing that an administrator's request names. */
export interface NamedError {
  readonly name: string;
  /** 0 for success. */
  readonly errorCode: number;
  /** What the broker wrote about it, where the version has room for that. */
  readonly errorMessage: string | null;
}

/** The answer to an administrator's request about several things by name; they come in any order. */
export interface NamedErrorsResponse {
  readonly throttleTimeMs: number;
  readonly results: readonly NamedError[];
}

/** How an answer of that shape is written. */
export interface NamedErrorsLayout {
  /** Names the answer when it does not parse. */
  readonly what: string;
  readonly flexible: boolean;
  readonly hasMessage: boolean;
}

/** The layout that the answers of DeleteTopics, CreatePartitions and DeleteGroups have in common. */
export function decodeNamedErrors(
  body: Buffer,
  { what, flexible, hasMessage }: NamedErrorsLayout,
): NamedErrorsResponse {
  const reader = new ProtocolReader(body, what);
  const throttleTimeMs = reader.int32();
  const readPlain = (): NamedError => ({
    name: reader.string(),
    errorCode: reader.int16(),
    errorMessage: hasMessage ? reader.nullableString() : null,
  });
  const readFlexible = (): NamedError => {
    const result = {
      name: reader.compactString(),
      errorCode: reader.int16(),
      errorMessage: hasMessage ? reader.compactNullableString() : null,
    };
    reader.skipTags();
    return result;
  };
  const results = flexible ? reader.compactArray(readFlexible) : reader.array(readPlain);
  if (flexible) reader.skipTags();
  reader.expectEnd();
  return { throttleTimeMs, results };
}
