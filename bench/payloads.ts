/** So many different values are sent in turn. */
const DISTINCT_VALUES = 1000;
const LETTERS = 26;
const FIRST_LETTER = 65;

/**
 * The values all clients send: capital letters, like those of Kafka's own tool. The same in every process, whatever the run.
 * @param bytes of each value
 */
export function createPayloads(bytes: number): Buffer[] {
  let state = 42;
  const nextLetter = (): number => {
    // A linear congruential generator: the low bits repeat too soon, the high ones do.
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return FIRST_LETTER + Math.floor((state / 2 ** 32) * LETTERS);
  };
  return Array.from({ length: DISTINCT_VALUES }, () => Buffer.from(Array.from({ length: bytes }, nextLetter)));
}
