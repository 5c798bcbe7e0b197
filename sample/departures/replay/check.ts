/** One thing that was promised, and what was found. */
export interface Check {
  readonly claim: string;
  readonly finding: string;
  readonly holds: boolean;
}

/** What one partition holds. */
export interface PartitionContent {
  readonly partition: number;
  readonly records: number;
  /** IATA codes. */
  readonly airports: ReadonlySet<string>;
}
