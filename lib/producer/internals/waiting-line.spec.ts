import { createRandom } from '../../../test/support/random.js';
import { encodeHeaders } from './encode-headers.js';
import type { Reject, Resolve } from './producer-batch.js';
import { SerializedRecord } from './record-serializer.js';
import { WaitingLine } from './waiting-line.js';
import { WaitingMemory } from './waiting-memory.js';
import type { WaitingSend } from './waiting-segment.js';

interface Offer {
  readonly send: WaitingSend;
  readonly record: SerializedRecord;
}

/** What goes into the line: a send, and its record as it looked then. */
function createOffers(seed?: number): () => Offer {
  const random = createRandom(seed);
  let startedAt = 1_700_000_000_000;
  return () => {
    const topic = `t${random.integer(0, 3)}`;
    const hasCallback = random.next() < 0.3;
    const resolve: Resolve = () => undefined;
    const reject: Reject = () => undefined;
    startedAt += random.integer(0, 5);
    const size = random.next() < 0.02 ? random.integer(16_000, 70_000) : random.integer(0, 300);
    const value = random.pick<Buffer | string | null>([
      Buffer.alloc(size, startedAt),
      'ü'.repeat(size),
      'v'.repeat(size),
      null,
    ]);
    const key = random.next() < 0.5 ? null : random.bytes(random.integer(0, 20));
    const headers = random.next() < 0.7 ? null : encodeHeaders({ h: 'x'.repeat(random.integer(0, 9)) }, topic);
    return {
      send: {
        topic,
        partition: random.integer(-2, 9),
        original: random.next() < 0.2 ? { topic, value } : null,
        startedAt,
        resolve,
        reject: hasCallback ? reject : null,
      },
      record: new SerializedRecord(topic, random.integer(0, 8_640_000_000_000_000), key, value, headers),
    };
  };
}

function textOf(record: SerializedRecord): unknown {
  const { topic, timestamp, key, keySize, value, valueSize, headers } = record;
  const bytes = typeof value === 'string' ? Buffer.from(value) : value;
  const hex = (data: Uint8Array | null | undefined): string | undefined =>
    data === null || data === undefined ? undefined : Buffer.from(data).toString('hex');
  return [topic, timestamp, hex(key), keySize, hex(bytes), valueSize, headers?.count, hex(headers?.bytes)];
}

function senderOf({ topic, partition, original, startedAt, resolve, reject }: WaitingSend): unknown[] {
  return [topic, partition, original, startedAt, resolve, reject];
}

describe('a line of waiting sends', () => {
  it('behaves as an array of records whatever is done with it, and gives back all memory', () => {
    const offer = createOffers();
    const random = createRandom();
    const memory = new WaitingMemory();
    const line = new WaitingLine(memory);
    let model: Offer[] = [];
    const expectSame = (taken: readonly [WaitingSend, SerializedRecord][], expected: readonly Offer[]): void => {
      expect(taken.map(([send]) => senderOf(send))).toEqual(expected.map(({ send }) => senderOf(send)));
      expect(taken.map(([, record]) => textOf(record))).toEqual(expected.map(({ record }) => textOf(record)));
    };
    const takeModel = (matches: (offered: Offer) => boolean): Offer[] => {
      const taken = model.filter(matches);
      model = model.filter((offered) => !matches(offered));
      return taken;
    };
    for (let step = 0; step < 4_000; step++) {
      const action = random.integer(0, 99);
      if (action < 55) {
        const offered = offer();
        line.push(offered.send, offered.record);
        model.push(offered);
      } else if (action < 85) {
        const head = line.shift();
        const expected = model.shift();
        expect(head === undefined).toBe(expected === undefined);
        if (head !== undefined && expected !== undefined)
          expectSame([[head, head.segment.readRecord(head)]], [expected]);
      } else if (action < 96) {
        const head = line.shift();
        if (head === undefined) continue;
        head.partition = 5;
        line.putBack(head);
        const [first] = model;
        if (first !== undefined) first.send.partition = 5;
      } else if (action < 98) {
        const time = model[random.integer(0, model.length)]?.send.startedAt ?? 0;
        const taken: [WaitingSend, SerializedRecord][] = [];
        line.takeStartedBy(time, (sends) => {
          for (const send of sends) taken.push([send, send.segment.readRecord(send)]);
        });
        expectSame(
          taken,
          takeModel(({ send }) => send.startedAt <= time),
        );
      } else {
        const taken: [WaitingSend, SerializedRecord][] = [];
        line.takePlaceable(2, (sends) => {
          for (const send of sends) taken.push([send, send.segment.readRecord(send)]);
        });
        expectSame(
          taken,
          takeModel(({ send }) => send.partition < 2),
        );
      }
      expect(line.length).toBe(model.length);
      expect(line.oldestStart).toBe(Math.min(...model.map(({ send }) => send.startedAt)));
    }
    while (line.shift() !== undefined);
    expect([line.length, memory.heldBytes]).toEqual([0, 0]);
  });

  it('keeps records as they were, whatever becomes of the bytes that they were made of', () => {
    const line = new WaitingLine(new WaitingMemory());
    const { send } = createOffers()();
    const [key, value] = [Buffer.from('key'), Buffer.from('value')];
    line.push(send, new SerializedRecord('t', 7, key, value, null));
    key.fill('x');
    value.fill('x');
    const head = line.shift();
    expect(head === undefined ? undefined : head.segment.readRecord(head)).toMatchObject({
      key: Buffer.from('key'),
      value: Buffer.from('value'),
      timestamp: 7,
    });
  });

  it('leaves the bytes of a send alone that may be put back, whatever becomes of those behind it', () => {
    const line = new WaitingLine(new WaitingMemory());
    const { send } = createOffers()();
    const push = (fill: string): void =>
      line.push({ ...send, original: null }, new SerializedRecord('t', 7, null, Buffer.alloc(8_000, fill), null));
    // Enough that segments have their full size, whose buffers are used again.
    for (let index = 0; index < 50; index++) push('a');
    for (let index = 0; index < 30; index++) line.shift();
    const head = line.shift();
    line.takeStartedBy(Number.POSITIVE_INFINITY, () => undefined);
    for (let index = 0; index < 50; index++) push('b');
    if (head === undefined) throw new Error('Unreachable');
    line.putBack(head);
    expect(line.length).toBe(51);
    const first = line.shift();
    expect(String(first?.segment.readRecord(first).value)).toBe('a'.repeat(8_000));
  });

  it('can be emptied and filled again by what is called for those that are taken out', () => {
    const memory = new WaitingMemory();
    const line = new WaitingLine(memory);
    const { send } = createOffers()();
    const push = (size: number): void =>
      line.push({ ...send, original: null }, new SerializedRecord('t', 7, null, Buffer.alloc(size, 0x7f), null));
    // Enough that segments have their full size, whose buffers are used again.
    for (let index = 0; index < 3_000; index++) push(60);
    const taken: number[] = [];
    line.takeStartedBy(Number.POSITIVE_INFINITY, (sends) => {
      taken.push(sends.length);
      if (taken.length > 1) return;
      line.takeStartedBy(Number.POSITIVE_INFINITY, (rest) => taken.push(rest.length));
      for (let index = 0; index < 20; index++) push(15_000);
    });
    expect(taken.reduce((sum, count) => sum + count)).toBe(3_000);
    expect(line.length).toBe(20);
  });

  it('takes over another line behind its own sends', () => {
    const memory = new WaitingMemory();
    const offer = createOffers();
    const lines = [new WaitingLine(memory), new WaitingLine(memory)] as const;
    const offers = Array.from({ length: 900 }, offer);
    offers.forEach(({ send, record }, index) => lines[index % 2 === 0 ? 0 : 1].push(send, record));
    lines[0].append(lines[1], 0);
    const last = offer();
    lines[0].push(last.send, last.record);
    const even = offers.filter((_, index) => index % 2 === 0);
    const odd = offers.filter((_, index) => index % 2 === 1);
    for (const { send } of [...even, ...odd, last]) expect(lines[0].shift()?.resolve).toBe(send.resolve);
    expect([lines[0].shift(), memory.heldBytes]).toEqual([undefined, 0]);
  });

  it('tells whether anyone of a generation waits', () => {
    const memory = new WaitingMemory();
    const line = new WaitingLine(memory);
    const offer = createOffers();
    const push = (): void => {
      const { send, record } = offer();
      line.push(send, record);
    };
    push();
    push();
    const generation = memory.nextGeneration();
    push();
    expect(line.hasAnyOf(generation)).toBe(true);
    line.shift();
    expect(line.hasAnyOf(generation)).toBe(true);
    line.shift();
    expect(line.hasAnyOf(generation)).toBe(false);
    expect(line.length).toBe(1);
  });

  it('costs little more than its records: 100 bytes in less than 150', () => {
    const memory = new WaitingMemory();
    const line = new WaitingLine(memory);
    const { send } = createOffers()();
    const record = new SerializedRecord('t', 7, null, Buffer.alloc(100), null);
    const simple = { ...send, original: null };
    for (let index = 0; index < 100_000; index++) line.push(simple, record);
    expect(memory.heldBytes / 100_000).toBeLessThan(150 + 352);
  });
});
