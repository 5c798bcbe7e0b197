import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

interface Encoded {
  apiKey: number;
  apiVersion: number;
  encode(): Promise<{ buffer: Buffer }>;
}

/** kafkajs's own request of an API and version, as the specs send it. */
export async function kafkajsRequest(
  api: string,
  version: number,
  options: object,
): Promise<{ apiKey: number; apiVersion: number; body: Buffer }> {
  const create = load(api, version, 'request') as (options: object) => Encoded;
  const request = create(options);
  const { buffer } = await request.encode();
  return { apiKey: request.apiKey, apiVersion: request.apiVersion, body: buffer };
}

/** What kafkajs's own decoder reads from an answer. */
export async function kafkajsDecode(api: string, version: number, body: Buffer): Promise<object> {
  const { decode } = load(api, version, 'response') as { decode(body: Buffer): Promise<object> };
  return decode(body);
}

function load(api: string, version: number, file: string): unknown {
  return require(`kafkajs/src/protocol/requests/${api}/v${version}/${file}.js`);
}
