/** What the start of the broker has to tell, e.g. that it is getting Kafka's jars, which takes a while the first time. */
export const startLog = {
  debug: (): void => undefined,
  info: (message: string): void => console.log(message),
  warn: (message: string): void => console.warn(message),
  error: (message: string): void => console.error(message),
};
