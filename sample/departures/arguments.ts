import { Command, InvalidArgumentError, Option } from 'commander';

/** What `npm start -- ...` was given. */
export interface Arguments {
  /** Exit after the summary instead of serving HTTP. */
  readonly once: boolean;
  readonly flights: number;
  readonly port: number;
}

/** Ends the process with a message when an argument is not valid. */
export function readArguments(): Arguments {
  const flights = new Option('--flights <count>', 'how many of the 3,000,000 flights to send').default(200_000);
  const port = new Option('--port <port>', 'where to serve HTTP').env('PORT').default(3000);
  return new Command('npm start --')
    .description('Streams real flights into Kafka, consumes them, verifies both, and serves a live departure board.')
    .addHelpText('after', '\nSet KAFKA_BROKERS=host:port to use that broker instead of an embedded one.')
    .option('--once', 'exit after the summary: with 0 if all of it holds, else with 1', false)
    .addOption(flights.argParser(wholeNumber(1, 3_000_000)))
    .addOption(port.argParser(wholeNumber(0, 65_535)))
    .parse()
    .opts<Arguments>();
}

function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const number = text.trim() === '' ? Number.NaN : Number(text);
    if (Number.isInteger(number) && number >= min && number <= max) return number;
    throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
  };
}
