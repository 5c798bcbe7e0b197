import type { Random } from '../support/random.js';

/** A whole frame, size prefix included, made from the true one. */
export type Distortion = (frame: Buffer, random: Random) => Buffer;

const SIZE_BYTES = 4;
const CORRELATION_END = 8;
const NONSENSE = [-1, -2_147_483_648, 2_147_483_647, 65_536, 0, 1_000_000_000] as const;

function sized(body: Buffer, size = body.length): Buffer {
  const prefix = Buffer.alloc(SIZE_BYTES);
  prefix.writeInt32BE(size);
  return Buffer.concat([prefix, body]);
}

function withInt32(frame: Buffer, at: number, value: number): Buffer {
  const copy = Buffer.from(frame);
  copy.writeInt32BE(value, at);
  return copy;
}

function position(frame: Buffer, random: Random, from = CORRELATION_END): number {
  return random.integer(Math.min(from, frame.length - 1), frame.length - 1);
}

/** What a broken or hostile broker may send in place of an answer. */
export const DISTORTIONS: Readonly<Record<string, Distortion>> = {
  'random bytes': (_, random) => random.bytes(random.integer(1, 300)),
  'a web page': () => Buffer.from('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n'),
  'a negative size': (frame) => withInt32(frame, 0, -1),
  'the smallest size': (frame) => withInt32(frame, 0, -2_147_483_648),
  'size 0': (frame) => withInt32(frame, 0, 0),
  'a size without room for a correlation id': (frame) => withInt32(frame, 0, 3),
  'the largest size': (frame) => withInt32(frame, 0, 2_147_483_647),
  'a size one too small': (frame) => withInt32(frame, 0, frame.length - SIZE_BYTES - 1),
  'a size one too large': (frame) => withInt32(frame, 0, frame.length - SIZE_BYTES + 1),
  'another correlation id': (frame) => withInt32(frame, SIZE_BYTES, frame.readInt32BE(SIZE_BYTES) + 1),
  'a negative correlation id': (frame) => withInt32(frame, SIZE_BYTES, -1),
  'the answer twice': (frame) => Buffer.concat([frame, frame]),
  'no body': (frame) => sized(frame.subarray(SIZE_BYTES, CORRELATION_END)),
  'half a body': (frame) =>
    sized(frame.subarray(SIZE_BYTES, CORRELATION_END + ((frame.length - CORRELATION_END) >> 1))),
  'junk behind the body': (frame, random) => sized(Buffer.concat([frame.subarray(SIZE_BYTES), random.bytes(50)])),
  'a random body': (frame, random) =>
    sized(Buffer.concat([frame.subarray(SIZE_BYTES, CORRELATION_END), random.bytes(frame.length)])),
  'a body of ones': (frame) =>
    Buffer.concat([frame.subarray(0, CORRELATION_END), Buffer.alloc(frame.length - CORRELATION_END, 0xff)]),
  'nonsense counts': (frame, random) => {
    const at = Math.min(position(frame, random), frame.length - 4);
    return at < CORRELATION_END ? frame : withInt32(frame, at, random.pick(NONSENSE));
  },
};

/** One of the distortions, or a few changed bytes: those a parser is least prepared for. */
export function distort(frame: Buffer, random: Random): Buffer {
  if (random.integer(1, 3) === 1) {
    const names = Object.keys(DISTORTIONS);
    const distortion = DISTORTIONS[names[random.integer(0, names.length - 1)] ?? ''];
    return distortion === undefined ? frame : distortion(frame, random);
  }
  const copy = Buffer.from(frame);
  for (let changes = random.integer(1, 4); changes > 0; changes--) {
    copy[position(copy, random, random.integer(0, CORRELATION_END))] = random.integer(0, 255);
  }
  return copy;
}
