/** What the test has chosen for one run. */
export const BROKERS = required('KAFKA_BROKERS').split(',');
const NAME = required('APPLICATION_NAME');

/** Topics, all of them with this run's name in front; the test creates them. */
export const Topics = {
  orders: `${NAME}-orders`,
  invoices: `${NAME}-invoices`,
  prices: `${NAME}-prices`,
} as const;

export const Groups = {
  board: `${NAME}-board`,
  invoices: `${NAME}-invoices`,
  prices: `${NAME}-prices`,
} as const;

export const TRANSACTIONAL_ID_PREFIX = `${NAME}-`;

function required(variable: string): string {
  const value = process.env[variable];
  if (value === undefined) throw new Error(`${variable} is not set`);
  return value;
}
