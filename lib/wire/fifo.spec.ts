import { createRandom } from '../../test/support/random.js';
import { Fifo } from './fifo.js';

interface Item {
  readonly number: number;
}

describe('Fifo', () => {
  it('behaves as an array whatever is done with it', () => {
    const random = createRandom();
    const fifo = new Fifo<Item>();
    const model: Item[] = [];
    for (let step = 0; step < 20_000; step++) {
      const action = random.integer(0, 99);
      // Long enough that it tidies up in between.
      if (action < 52) {
        const item = { number: step };
        fifo.push(item);
        model.push(item);
      } else if (action < 96) {
        expect(fifo.shift()).toBe(model.shift());
      } else if (action < 98) {
        const item = { number: -step };
        fifo.unshift(item);
        model.unshift(item);
      } else if (action === 98) {
        const matches = ({ number }: Item): boolean => number % 7 === 0;
        expect(fifo.extract(matches)).toEqual(model.filter(matches));
        model.splice(0, model.length, ...model.filter((item) => !matches(item)));
      } else {
        expect([...fifo]).toEqual(model);
      }
      expect([fifo.length, fifo.peek(), fifo.last()]).toEqual([model.length, model[0], model.at(-1)]);
    }
  });

  it('takes a hundred thousand items out one by one without becoming slow', () => {
    const fifo = new Fifo<Item>();
    for (let index = 0; index < 100_000; index++) fifo.push({ number: index });
    const startedAt = performance.now();
    let sum = 0;
    for (let item = fifo.shift(); item !== undefined; item = fifo.shift()) sum += item.number;
    expect(sum).toBe(4_999_950_000);
    expect(fifo.length).toBe(0);
    expect(performance.now() - startedAt).toBeLessThan(2_000);
  });
});
