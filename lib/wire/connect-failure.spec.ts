import { createRequire } from 'node:module';
import { toConnectionError } from './connect-failure.js';
import { BrokerConnectionError, IncompatibleKafkaJSError, KafkaAuthenticationError } from './connection-errors.js';

const errors = createRequire(import.meta.url)('kafkajs/src/errors.js') as Record<
  'KafkaJSSASLAuthenticationError' | 'KafkaJSConnectionError',
  new (message: string, details?: object) => Error
>;
const ADDRESS = 'kafka-1:9092';

function withCode(code: string, message = 'something about it'): Error {
  return Object.assign(new Error(message), { code });
}

describe('toConnectionError', () => {
  it.each<[string, unknown]>([
    ['kafkajs’s refusal of a login', new errors.KafkaJSSASLAuthenticationError('SASL PLAIN authentication failed')],
    [
      'the broker’s answer SASL_AUTHENTICATION_FAILED',
      Object.assign(new Error('Authentication failed'), { type: 'SASL_AUTHENTICATION_FAILED', code: 58 }),
    ],
    [
      'a mechanism that the broker does not have',
      Object.assign(new Error('no such mechanism'), { type: 'UNSUPPORTED_SASL_MECHANISM', code: 33 }),
    ],
    [
      'a listener without SASL',
      Object.assign(new Error('Request is not valid'), { type: 'ILLEGAL_SASL_STATE', code: 34 }),
    ],
  ])('calls %s an authentication error that is final', (_, cause) => {
    const error = toConnectionError(cause, ADDRESS);
    expect(error).toBeInstanceOf(KafkaAuthenticationError);
    expect(error).toMatchObject({ retriable: false, cause });
    expect(error.message).toContain(ADDRESS);
    expect(error.message).toContain('client.sasl');
  });

  it.each([
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'SELF_SIGNED_CERT_IN_CHAIN',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
    'CERT_HAS_EXPIRED',
    'ERR_TLS_CERT_ALTNAME_INVALID',
    'ERR_SSL_WRONG_VERSION_NUMBER',
    'ERR_OSSL_PEM_NO_START_LINE',
    'EPROTO',
    'HOSTNAME_MISMATCH',
  ])('calls the TLS failure %s an authentication error that names client.ssl', (code) => {
    const error = toConnectionError(withCode(code), ADDRESS);
    expect(error).toBeInstanceOf(KafkaAuthenticationError);
    expect(error.message).toContain('client.ssl');
    expect(error.retriable).toBe(false);
  });

  it.each(['ECONNREFUSED', 'ECONNRESET', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENOTFOUND', 'EAI_AGAIN', 'EPIPE'])(
    'calls %s a connection error that is worth trying again',
    (code) => {
      const cause = new errors.KafkaJSConnectionError('Connection error: it broke', { code });
      const error = toConnectionError(cause, ADDRESS);
      expect(error).toBeInstanceOf(BrokerConnectionError);
      expect(error).toMatchObject({ retriable: true, cause });
      expect(error.message).toBe(`${ADDRESS}: Connection error: it broke`);
    },
  );

  it('leaves this library’s own errors as they are', () => {
    const own = new IncompatibleKafkaJSError('the wrong kafkajs');
    expect(toConnectionError(own, ADDRESS)).toBe(own);
  });

  it.each([undefined, null, 'a text', 42, {}])('makes an error of %p too', (cause) => {
    const error = toConnectionError(cause, ADDRESS);
    expect(error).toBeInstanceOf(BrokerConnectionError);
    expect(error.message).toContain(ADDRESS);
  });
});
