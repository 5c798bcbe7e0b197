/** What the page shows of one moment. */
export interface Snapshot {
  readonly departures: number;
  readonly longDelays: number;
  /** Records that the producer has sent within the last second. */
  readonly sentPerSecond: number;
  /** By departures, most of them first. */
  readonly airports: readonly AirportView[];
  readonly groups: readonly GroupView[];
  readonly alerts: readonly AlertView[];
  readonly deadLetters: { readonly total: number; readonly latest: readonly DeadLetterView[] };
}

export interface AirportView {
  readonly iata: string;
  readonly name: string;
  readonly city: string;
  /** On the map; null for an airport beyond it. */
  readonly at: { readonly x: number; readonly y: number } | null;
  readonly departures: number;
  /** Minutes on average. */
  readonly delay: number;
  readonly longDelays: number;
}

export interface GroupView {
  readonly name: string;
  readonly commits: string;
  /** Of its listeners: the first one that does not run, if any. */
  readonly state: string;
  readonly perSecond: number;
  readonly lag: number;
}

export interface AlertView {
  readonly from: string;
  readonly to: string;
  /** Minutes. */
  readonly delay: number;
}

export interface DeadLetterView {
  /** Topic, partition and offset. */
  readonly record: string;
  readonly reason: string;
}
