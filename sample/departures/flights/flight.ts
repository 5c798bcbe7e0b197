/** One scheduled flight, as it goes out as JSON. */
export interface Flight {
  /** Airports by IATA code. */
  readonly origin: string;
  readonly destination: string;
  /** Local time of departure. */
  readonly date: Date;
  /** Minutes; negative when it left early. */
  readonly delay: number;
  /** Miles. */
  readonly distance: number;
}
