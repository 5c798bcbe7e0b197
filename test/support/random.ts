/** Numbers that come again when the same seed is given. */
export interface Random {
  readonly seed: number;
  /** From 0 up to, not including, 1; may be handed on as a replacement of `Math.random`. */
  readonly next: () => number;
  /** A whole number from `min` to `max`, both included. */
  readonly integer: (min: number, max: number) => number;
  readonly pick: <T>(choices: readonly [T, ...T[]]) => T;
  readonly bytes: (length: number) => Buffer;
}

/** Prints its seed; the variable TEST_SEED repeats a run. */
export function createRandom(seed: number = seedOfRun()): Random {
  process.stderr.write(`random seed ${seed} (repeat with TEST_SEED=${seed})\n`);
  let state = seed >>> 0;
  // mulberry32
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
  const integer = (min: number, max: number): number => min + Math.floor(next() * (max - min + 1));
  return {
    seed,
    next,
    integer,
    pick: (choices) => choices[integer(0, choices.length - 1)] ?? choices[0],
    bytes: (length) => Buffer.from(Array.from({ length }, () => integer(0, 255))),
  };
}

function seedOfRun(): number {
  const given = Number(process.env['TEST_SEED']);
  return Number.isInteger(given) && given > 0 ? given : Math.floor(Math.random() * 0xffff_ffff);
}
