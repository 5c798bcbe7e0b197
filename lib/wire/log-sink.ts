/**
 * Where the layers below Nest write their log lines; the module hands in Nest's `Logger`.
 * Lines never hold payloads, keys, header values or secrets.
 */
export interface LogSink {
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

/** Drops every line. */
export const silentLog: LogSink = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
