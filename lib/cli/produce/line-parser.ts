/** What a line says about a record; where it goes to is said elsewhere. */
export interface ParsedLine {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly { readonly key: string; readonly value: Buffer | null }[];
  readonly partition?: number;
  /** Milliseconds since the epoch. */
  readonly timestamp?: number;
}

/** Reads lines of one format. */
export interface LineParser {
  /**
   * @returns null for a line that stands for nothing
   * @throws LineError
   */
  parse(line: Buffer): ParsedLine | null;
}
