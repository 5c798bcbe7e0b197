import { BrokerConnectionError, KafkaAuthenticationError } from './connection-errors.js';
import { KafkaError } from './kafka-error.js';

const SASL_ERRORS = new Set([
  'KafkaJSSASLAuthenticationError',
  'KafkaJSNonRetriableError',
  'SASL_AUTHENTICATION_FAILED',
  'UNSUPPORTED_SASL_MECHANISM',
  'ILLEGAL_SASL_STATE',
]);

/** Node's and OpenSSL's codes for a handshake that will not succeed by itself. */
const TLS_CODE =
  /^(ERR_TLS_|ERR_SSL_|ERR_OSSL_|EPROTO$|CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|HOSTNAME_MISMATCH|INVALID_CA|HOSTNAME_MISMATCH)/;

/** Turns what kafkajs throws while it connects into this library's errors. Credentials never appear in the message. */
export function toConnectionError(cause: unknown, address: string): KafkaError {
  if (cause instanceof KafkaError) return cause;
  const { name = '', type = '', code = '', message = String(cause) } = (cause ?? {}) as Partial<Record<string, string>>;
  if (SASL_ERRORS.has(name) || SASL_ERRORS.has(type)) {
    return new KafkaAuthenticationError(
      `The broker ${address} refused the SASL login: ${message}. Check client.sasl (mechanism, username, password) and that the listener expects SASL.`,
      { cause },
    );
  }
  if (TLS_CODE.test(code)) {
    return new KafkaAuthenticationError(
      `The TLS handshake with ${address} failed: ${message}. Check client.ssl (ca, servername, cert, key) and that the listener expects TLS.`,
      { cause },
    );
  }
  return new BrokerConnectionError(`${address}: ${message}`, { cause });
}
