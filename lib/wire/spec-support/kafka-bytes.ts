import { readdirSync, readFileSync } from 'node:fs';

const FIXTURES = new URL('../../../test/wire/fixtures/', import.meta.url);

/** Bytes that Kafka 4.3.1's own classes wrote; the Java files beside them in test/wire/fixtures say what is in them. */
const fixtures = new Map<string, unknown>(
  readdirSync(FIXTURES)
    .filter((file) => file.endsWith('protocol-bytes.json'))
    .flatMap((file) => Object.entries(JSON.parse(readFileSync(new URL(file, FIXTURES), 'utf8')))),
);

/** The bytes of one message, by the name that the generator gave it, e.g. `ProduceRequest v9`. */
export function hexOf(name: string): string {
  const hex = fixtures.get(name);
  if (typeof hex !== 'string') throw new Error(`There is no fixture ${name}`);
  return hex;
}

export function bytesOf(name: string): Buffer {
  return Buffer.from(hexOf(name), 'hex');
}

/** The pieces of an encoded request as one, in hex. */
export function joined(chunks: readonly Buffer[]): string {
  return Buffer.concat(chunks).toString('hex');
}

/** Every version of an API that is spoken here. */
export function versions(api: { readonly minVersion: number; readonly maxVersion: number }): number[] {
  return Array.from({ length: api.maxVersion - api.minVersion + 1 }, (_, index) => api.minVersion + index);
}
