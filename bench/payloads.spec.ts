import { createPayloads } from './payloads.js';

describe('createPayloads', () => {
  it('makes values of the size asked for, of letters that Kafka’s tool can read from a file line by line', () => {
    const payloads = createPayloads(100);
    expect(payloads).toHaveLength(1000);
    for (const payload of payloads) expect(payload.toString()).toMatch(/^[A-Z]{100}$/);
  });

  it('makes different values, and the same ones in every process', () => {
    const payloads = createPayloads(20).map(String);
    expect(new Set(payloads).size).toBe(1000);
    expect(createPayloads(20).map(String)).toEqual(payloads);
  });
});
