import { FrameSplitter } from './frame-splitter.js';
import { RawFrame } from './raw-frame.js';
import { hex, seeded, sized } from './spec-support/frames.js';

function framesOf(parts: (RawFrame | Buffer)[]): Buffer[] {
  return parts.map((part) => {
    if (!(part instanceof RawFrame)) throw new Error(`Loose bytes: ${part.toString('hex')}`);
    return part.bytes;
  });
}

describe('FrameSplitter', () => {
  it('cuts several frames out of one chunk, an empty one included', () => {
    const frames = [sized(hex('0102')), sized(hex('')), sized(hex('030405'))];
    expect(framesOf(new FrameSplitter().push(Buffer.concat(frames)))).toEqual(frames);
  });

  it('joins frames that arrive byte by byte', () => {
    const splitter = new FrameSplitter();
    const frames = [sized(hex('0102')), sized(hex('030405'))];
    const parts = Array.from(Buffer.concat(frames)).flatMap((byte) => splitter.push(Buffer.from([byte])));
    expect(framesOf(parts)).toEqual(frames);
  });

  it.each([1, 2, 3, 4, 5])('finds the same frames however the stream is cut (seed %i)', (seed) => {
    const random = seeded(seed);
    const frames = Array.from({ length: 50 }, () => sized(Buffer.alloc(Math.floor(random() * 300), random() * 255)));
    const stream = Buffer.concat(frames);
    const splitter = new FrameSplitter();
    const found: Buffer[] = [];
    for (let at = 0; at < stream.length;) {
      const end = Math.min(stream.length, at + 1 + Math.floor(random() * 400));
      found.push(...framesOf(splitter.push(stream.subarray(at, end))));
      at = end;
    }
    expect(found).toEqual(frames);
    expect(splitter.remainder()).toEqual([]);
  });

  it('hands on the chunks themselves, without copying', () => {
    const chunk = sized(Buffer.alloc(1000));
    const [frame] = new FrameSplitter().push(chunk);
    expect(frame).toBeInstanceOf(RawFrame);
    expect((frame as RawFrame).chunks[0]?.buffer).toBe(chunk.buffer);
  });

  it('keeps the beginning of a frame that did not arrive whole', () => {
    const splitter = new FrameSplitter();
    expect(splitter.push(hex('00000005 0102'))).toEqual([]);
    expect(Buffer.concat(splitter.remainder())).toEqual(hex('00000005 0102'));
  });

  it.each([
    ['the beginning of a TLS handshake', '16030102 00010001'],
    ['a negative size', 'ffffffff 00010001'],
  ])('passes %s and all that follows uncut', (_name, bytes) => {
    const splitter = new FrameSplitter();
    const whole = sized(hex('01'));
    const parts = splitter.push(Buffer.concat([whole, hex(bytes)]));
    expect(framesOf(parts.slice(0, 1))).toEqual([whole]);
    const loose = [...parts.slice(1), ...splitter.push(hex('0000000107'))];
    expect(loose.every((part) => Buffer.isBuffer(part))).toBe(true);
    expect(Buffer.concat(loose as Buffer[])).toEqual(hex(`${bytes} 0000000107`));
  });
});
